@0xabcdef123456788e;
struct MarketStatus {
  status @0 :Status = open;
}
enum Status {
  open @5;
  closed @1;
}
