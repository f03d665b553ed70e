@0xabcdef1234567884;
struct Trade {
  ticker @0 :Text = "unclosed;
  size @1 :UInt32;
}
