@0xabcdef1234567896;
using A = import "./cycle_a.capnp";
struct B { a @0 :A.A; }
