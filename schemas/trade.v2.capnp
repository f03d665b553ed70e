@0xabcdef1234567890;

struct Trade {
  timestamp @0 :UInt64;  # nanoseconds since 1970-01-01 UTC
  ticker @1 :Text;
  price @2 :Float64;  # the double nearest to the exact price
  size @3 :UInt32;  # the exact size without its fraction, at most 4294967295
  side @4 :Side;
  tradeId @5 :Text;

  # The exchange's own digits: value = mantissa * 10^exponent. "0.8900" is 8900 and -4, so the text can be had back.
  # A trade has a size, so sizeMantissa is 0 only in a record that v1 wrote, which has no exact price either.
  priceMantissa @6 :Int64;
  priceExponent @7 :Int8;
  sizeMantissa @8 :Int64;
  sizeExponent @9 :Int8;
}

enum Side {
  buy @0;
  sell @1;
}
