#include "lib/base/random.h"

#include <sys/random.h>

#include <cerrno>
#include <cstring>

#include "lib/base/check.h"
#include "lib/base/strings.h"

namespace crossdock::base {

uint64_t Random::Next() {
  uint64_t value = 0;
  Fill(std::as_writable_bytes(std::span(&value, 1)));
  return value;
}

std::string Random::Bytes(size_t size) {
  std::string out(size, '\0');
  Fill(std::as_writable_bytes(std::span(out.data(), out.size())));
  return out;
}

void SystemRandom::Fill(std::span<std::byte> out) {
  while (!out.empty()) {
    const ssize_t got = getrandom(out.data(), out.size(), 0);
    if (got < 0 && errno == EINTR) continue;
    INVARIANT(got > 0) << "getrandom failed";
    out = out.subspan(static_cast<size_t>(got));
  }
}

std::string NewId(Random& random, std::string_view prefix) {
  static constexpr char kAlphabet[] = "0123456789abcdefghjkmnpqrstvwxyz";
  std::array<uint8_t, 16> bytes;
  random.Fill(std::as_writable_bytes(std::span(bytes)));
  std::string id = StrCat(prefix, "-");
  for (const uint8_t byte : bytes) id.push_back(kAlphabet[byte & 31]);
  return id;
}

}  // namespace crossdock::base
