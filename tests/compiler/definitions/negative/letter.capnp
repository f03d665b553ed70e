@0xabcdef1234567885;
struct Trade {
	préx @0 :Text;
}
