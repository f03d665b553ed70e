@0xabcdef1234567881;

struct Trade {
  legs @0 :List(Text;
  price @1 :Text];
  tags @2 :List(Text);

struct Level {
  price @0 :Float64;
}
