@0xabcdef123456788a;
struct Trade {
  ticker @0 :Txt;
  size @1 :UInt32
}
