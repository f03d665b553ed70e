@0xabcdef1234567889;
using Other = import "brackets.capnp";
struct Book { trade @0 :Other.Trade; }
