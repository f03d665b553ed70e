@0xabcdef1234567883;

struct Trade {
  side @0 :Side = sel;
  size @1 :UInt8 = 256;
  gap @4 :Text;
  after @5 :Text;
}

enum Side { buy @0; sell @2; }
