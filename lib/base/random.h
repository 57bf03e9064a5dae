// Randomness comes in as a parameter, so that a simulation can repeat itself from a seed.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace crossdock::base {

// Thread-safe.
class Random {
 public:
  virtual ~Random() = default;
  virtual void Fill(std::span<std::byte> out) = 0;

  uint64_t Next();
  // `size` random bytes.
  std::string Bytes(size_t size);
};

// The kernel's generator; dies when that fails, because nothing secure can follow.
class SystemRandom : public Random {
 public:
  void Fill(std::span<std::byte> out) override;
};

// A name that people can read aloud: `prefix`-, then 16 characters of Crockford's base 32 (80 random bits).
std::string NewId(Random& random, std::string_view prefix);

}  // namespace crossdock::base
