@0xabcdef1234567892;

struct MarketStatus {
  timestamp @0 :UInt64;  # nanoseconds since 1970-01-01 UTC
  ticker @1 :Text;
  status @2 :Status;
}

enum Status {
  open @0;
  closed @1;
  halted @2;
}
