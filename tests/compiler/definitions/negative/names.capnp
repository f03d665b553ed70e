@0xabcdef1234567882;

struct Trade {
  Ticker @0 :Text; trade_id @1 :Text; okay @2 :Text;
}
