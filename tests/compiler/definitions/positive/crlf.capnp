@0xabcdef1234567894;

struct Windows {
  line @0 :Text;
}
