@0xabcdef1234567880;

struct Trade {
  timestamp @0 :UInt65;
  ticker @1 :Text
  side @2 :Side;
  side @3 :Sido;
  size @3 :UInt32 = -1;
  price @7 :Float64 = "x";
  venue @8 :Text = 5;
}

enum Side {
  buy @0
}
