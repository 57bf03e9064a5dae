// Bytes that are all zeros, for what a hole stands for.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <string_view>

namespace crossdock::agent {

inline constexpr std::array<char, 1u << 16> kZeros{};

// `count` of them into a digest that has no faster way.
template <typename Digest>
void UpdateZeros(uint64_t count, Digest* digest) {
  for (; count > 0; count -= std::min<uint64_t>(count, kZeros.size())) {
    digest->Update(std::string_view(kZeros.data(), std::min<uint64_t>(count, kZeros.size())));
  }
}

}  // namespace crossdock::agent
