@0xabcdef1234567895;
using B = import "cycle_b.capnp";
struct A { b @0 :B.B; }
