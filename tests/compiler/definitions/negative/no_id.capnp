struct Trade {
  timestamp @0 :Uint64;
}
