@0xabcdef1234567887;
using A = import "../../etc/passwd";
using B = import "/etc/passwd";
using C = import "/capnp/../../secret.capnp";
using D = import "braces.capnp";
using E = import "\x2e\x2e/secret.capnp";
const f :Data = embed "brackets.capnp";
struct Trade { a @0 :Foo; }
