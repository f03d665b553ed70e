@0xabcdef1234567886;
struct Trade {
  # é
  size @089abc :Text;
}
