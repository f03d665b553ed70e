//! What the same bytes cost in Rust: tokio-tungstenite, the envelope, a buffered write. No JSON is proven, nothing is
//! counted by kind or numbered, nothing is synced before the end, and the buffer is lost when the process is killed.
//!
//!     flood-rust URL DIRECTORY

use std::fs::File;
use std::io::{BufWriter, Write};
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use futures_util::StreamExt;
use tokio_tungstenite::tungstenite::Message;

fn usage() -> (f64, f64) {
    let mut used: libc::rusage = unsafe { std::mem::zeroed() };
    unsafe { libc::getrusage(libc::RUSAGE_SELF, &mut used) };
    let seconds = |time: libc::timeval| time.tv_sec as f64 + time.tv_usec as f64 / 1e6;
    (seconds(used.ru_utime), seconds(used.ru_stime))
}

fn peak() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("VmHWM")).unwrap_or("VmHWM: 0 kB");
    line.split_whitespace().nth(1).and_then(|number| number.parse::<u64>().ok()).unwrap_or(0) * 1024
}

/// `YYYY-MM-DDTHH:MM:SS` of a Unix time, by the days of the Gregorian calendar.
fn stamp(second: u64) -> String {
    let (days, rest) = (second / 86_400 + 719_468, second % 86_400);
    let (era, of_era) = (days / 146_097, days % 146_097);
    let year = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let part = (5 * of_year + 2) / 153;
    let month = if part < 10 { part + 3 } else { part - 9 };
    let (year, day) = (year + era * 400 + u64::from(month <= 2), of_year - (153 * part + 2) / 5 + 1);
    format!("{year:04}-{month:02}-{day:02}T{:02}:{:02}:{:02}", rest / 3600, rest / 60 % 60, rest % 60)
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().collect();
    let (before, start) = (usage(), Instant::now());
    let mut file = BufWriter::with_capacity(64 * 1024, File::create(format!("{}/framed.jsonl", arguments[2]))?);
    let (mut stream, _) = tokio_tungstenite::connect_async(arguments[1].as_str()).await?;
    let (mut frames, mut second, mut text) = (0u64, 0u64, String::new());
    while let Some(message) = stream.next().await {
        match message? {
            Message::Text(frame) => {
                let now = SystemTime::now().duration_since(UNIX_EPOCH)?;
                if now.as_secs() != second {
                    second = now.as_secs();
                    text = stamp(second);
                }
                write!(file, "{{\"ts\":\"{text}.{:06}Z\",\"feed\":\"kalshi\",\"data\":", now.subsec_micros())?;
                file.write_all(frame.as_bytes())?;
                file.write_all(b"}\n")?;
                frames += 1;
            }
            Message::Close(_) => break,
            _ => {}
        }
    }
    file.flush()?;
    file.get_ref().sync_data()?;
    let (wall, after) = (start.elapsed().as_secs_f64(), usage());
    let (user, system) = (after.0 - before.0, after.1 - before.1);
    println!("{{\"frames\":{frames},\"wall\":{wall},\"user\":{user},\"system\":{system},\"peak\":{}}}", peak());
    Ok(())
}
