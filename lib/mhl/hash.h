// The hash formats of ASC MHL: their names, their text, their computation.
//
// Pure. Functions are thread-safe; a Hasher is not. `raw` is the digest's bytes: canonical (big-endian) for the XXH
// family, SHA-512 for C4 (SMPTE ST 2114).
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

namespace crossdock::mhl {

// In the order in which a record lists them.
enum class HashFormat : uint8_t { kC4, kMd5, kSha1, kXxh128, kXxh3, kXxh64 };
inline constexpr std::array<HashFormat, 6> kHashFormats = {HashFormat::kC4,     HashFormat::kMd5,  HashFormat::kSha1,
                                                           HashFormat::kXxh128, HashFormat::kXxh3, HashFormat::kXxh64};
// Cheapest first: which of the known formats a file is verified with when none was asked for.
inline constexpr std::array<HashFormat, 6> kCheapestFirst = {HashFormat::kXxh128, HashFormat::kXxh3, HashFormat::kXxh64,
                                                             HashFormat::kMd5,    HashFormat::kSha1, HashFormat::kC4};

// Raw digests of one thing.
using Digests = std::map<HashFormat, std::string>;

std::string_view Name(HashFormat format);  // "xxh128"
std::optional<HashFormat> ParseHashFormat(std::string_view name);
size_t RawSize(HashFormat format);

// Lower-case hex, or the 90 characters of a C4 id.
std::string EncodeHash(HashFormat format, std::string_view raw);
absl::StatusOr<std::string> DecodeHash(HashFormat format, std::string_view text);

// Of bytes that come in pieces.
class Hasher {
 public:
  explicit Hasher(HashFormat format);
  ~Hasher();
  Hasher(Hasher&&) noexcept;
  void Update(std::string_view bytes);
  // Raw, of all that was given; starts anew afterwards.
  std::string Finish();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

std::string HashOf(HashFormat format, std::string_view bytes);
// The C4 id of `bytes`, as chains hold it.
std::string C4Of(std::string_view bytes);

}  // namespace crossdock::mhl
