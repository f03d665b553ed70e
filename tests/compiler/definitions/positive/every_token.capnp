# Every kind of token, and a `{` and an import "../x.capnp" where they mean nothing.
@0xabcdef1234567893;

using Cxx = import "/capnp/c++.capnp";
using Trade = import "trade.capnp".Trade;
$Cxx.namespace("ssmd::feed");

const limits :List(Int32) = [-1, 0x2f, 017];
const ratio :Float64 = 1.5e-3;
const motto :Text = "a \"quoted\" \x41 ; } # not a comment";
const blob :Data = 0x"00 ff
  7f";
const poem :Text =
  `roses { are ;
  `red }
;
annotation exact @0xb1a2c3d4e5f60718 (field, struct) :Text;

struct Fill {
  trade @0 :Trade;
  price @1 :Text $exact("decimal");
  size :union { units @2 :UInt32 = 7; lots @3 :Float64; }
  book :group { bid @4 :Int64; ask @5 :Int64; }
  struct Venue { name @0 :Text = "XNAS"; }
}

interface Feed(T) extends(Base) {
  subscribe @0 (ticker :Text, depth :UInt8 = 3) -> (ok :Bool);
  follow @1 [U] (what :List(Text)) -> stream;
}

interface Base {}
