@0xabcdef1234567888;
using Other = import "many_flaws.capnp";
struct Book { trade @0 :Other.Trade; size @1 :Uint8; }
