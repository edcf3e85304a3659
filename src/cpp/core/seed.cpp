// From a seed to the key of a stream, as `numpy.random.SeedSequence(seed).generate_state(1, np.uint64)` does it: the seed's
// four words are mixed into a pool of four (M. E. O'Neill, "Developing a seed_seq alternative", pcg-random.org, 2015), and
// the first two words of the state that the pool generates are the key.
#include "fastgen/fastgen.hpp"

namespace fastgen {
namespace {

using Word = std::uint32_t;

// Multiplies by a constant that changes from call to call.
struct Hash {
  Word constant, multiplier;
  Word operator()(Word value) {
    value ^= constant;
    constant *= multiplier;
    value *= constant;
    return value ^ (value >> 16);
  }
};

Word mix(Word x, Word y) {
  const Word mixed = 0xca01f9ddu * x - 0x4973f715u * y;
  return mixed ^ (mixed >> 16);
}

}  // namespace

std::uint64_t stream_key(std::uint64_t low, std::uint64_t high) {
  Word pool[4] = {Word(low), Word(low >> 32), Word(high), Word(high >> 32)};
  Hash hash{0x43b0d7e5u, 0x931e8875u};
  for (Word& word : pool) word = hash(word);
  for (int from = 0; from < 4; ++from)
    for (int to = 0; to < 4; ++to)
      if (from != to) pool[to] = mix(pool[to], hash(pool[from]));
  Hash generate{0x8b51f9ddu, 0x58f38dedu};
  const Word first = generate(pool[0]), second = generate(pool[1]);
  return std::uint64_t(second) << 32 | first;
}

}  // namespace fastgen
