#include "lib/mhl/hash.h"

#include <openssl/evp.h>
#include <xxhash.h>

#include <algorithm>

#include "lib/base/check.h"
#include "lib/base/encoding.h"
#include "lib/base/status.h"

namespace crossdock::mhl {
namespace {

constexpr std::string_view kBase58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";
constexpr size_t kC4Digits = 88;

// The digest as one big-endian number, in base 58, padded with the digit 1.
std::string EncodeC4(std::string_view raw) {
  std::array<uint8_t, kC4Digits> digits{};  // least significant first
  for (const char c : raw) {
    unsigned carry = static_cast<unsigned char>(c);
    for (uint8_t& digit : digits) {
      carry += static_cast<unsigned>(digit) << 8;
      digit = static_cast<uint8_t>(carry % 58);
      carry /= 58;
    }
  }
  std::string text = "c4";
  for (auto digit = digits.rbegin(); digit != digits.rend(); ++digit) text += kBase58[*digit];
  return text;
}

absl::StatusOr<std::string> DecodeC4(std::string_view text) {
  if (text.size() != kC4Digits + 2 || !text.starts_with("c4")) {
    return base::InvalidArgument("not a C4 id: it has to be c4 and ", kC4Digits, " characters of base 58");
  }
  std::array<uint8_t, 64> bytes{};  // least significant first
  for (const char c : text.substr(2)) {
    const size_t value = kBase58.find(c);
    if (value == std::string_view::npos) return base::InvalidArgument("not a C4 id: it has a wrong character");
    auto carry = static_cast<unsigned>(value);
    for (uint8_t& byte : bytes) {
      carry += static_cast<unsigned>(byte) * 58;
      byte = static_cast<uint8_t>(carry & 0xff);
      carry >>= 8;
    }
    if (carry != 0) return base::InvalidArgument("not a C4 id: the number is too large");
  }
  return std::string(bytes.rbegin(), bytes.rend());
}

const EVP_MD* MessageDigest(HashFormat format) {
  switch (format) {
    case HashFormat::kC4:
      return EVP_sha512();
    case HashFormat::kMd5:
      return EVP_md5();
    case HashFormat::kSha1:
      return EVP_sha1();
    case HashFormat::kXxh128:
    case HashFormat::kXxh3:
    case HashFormat::kXxh64:
      return nullptr;
  }
  return nullptr;
}

}  // namespace

std::string_view Name(HashFormat format) {
  switch (format) {
    case HashFormat::kC4:
      return "c4";
    case HashFormat::kMd5:
      return "md5";
    case HashFormat::kSha1:
      return "sha1";
    case HashFormat::kXxh128:
      return "xxh128";
    case HashFormat::kXxh3:
      return "xxh3";
    case HashFormat::kXxh64:
      return "xxh64";
  }
  return "";
}

std::optional<HashFormat> ParseHashFormat(std::string_view name) {
  for (const HashFormat format : kHashFormats) {
    if (Name(format) == name) return format;
  }
  return std::nullopt;
}

size_t RawSize(HashFormat format) {
  switch (format) {
    case HashFormat::kC4:
      return 64;
    case HashFormat::kMd5:
    case HashFormat::kXxh128:
      return 16;
    case HashFormat::kSha1:
      return 20;
    case HashFormat::kXxh3:
    case HashFormat::kXxh64:
      return 8;
  }
  return 0;
}

std::string EncodeHash(HashFormat format, std::string_view raw) {
  INVARIANT(raw.size() == RawSize(format)) << "a digest of another format";
  return format == HashFormat::kC4 ? EncodeC4(raw) : base::ToHex(raw);
}

absl::StatusOr<std::string> DecodeHash(HashFormat format, std::string_view text) {
  if (format == HashFormat::kC4) return DecodeC4(text);
  ASSIGN_OR_RETURN(std::string raw, base::FromHex(text));
  if (raw.size() != RawSize(format)) {
    return base::InvalidArgument("a hash of format ", Name(format), " has ", RawSize(format) * 2, " digits, not ",
                                 text.size());
  }
  return raw;
}

struct Hasher::State {
  HashFormat format;
  std::unique_ptr<EVP_MD_CTX, void (*)(EVP_MD_CTX*)> digest{nullptr, EVP_MD_CTX_free};
  std::unique_ptr<XXH3_state_t, XXH_errorcode (*)(XXH3_state_t*)> xxh3{nullptr, XXH3_freeState};
  std::unique_ptr<XXH64_state_t, XXH_errorcode (*)(XXH64_state_t*)> xxh64{nullptr, XXH64_freeState};

  void Reset() {
    bool ok = true;
    if (digest) {
      ok = EVP_DigestInit_ex(digest.get(), MessageDigest(format), nullptr) == 1;
    } else if (xxh64) {
      ok = XXH64_reset(xxh64.get(), 0) == XXH_OK;
    } else if (format == HashFormat::kXxh128) {
      ok = XXH3_128bits_reset(xxh3.get()) == XXH_OK;
    } else {
      ok = XXH3_64bits_reset(xxh3.get()) == XXH_OK;
    }
    INVARIANT(ok) << "cannot start " << Name(format);
  }
};

Hasher::Hasher(HashFormat format) : state_(std::make_unique<State>()) {
  state_->format = format;
  if (MessageDigest(format) != nullptr) {
    state_->digest.reset(EVP_MD_CTX_new());
  } else if (format == HashFormat::kXxh64) {
    state_->xxh64.reset(XXH64_createState());
  } else {
    state_->xxh3.reset(XXH3_createState());
  }
  INVARIANT(state_->digest || state_->xxh64 || state_->xxh3) << "no memory for " << Name(format);
  state_->Reset();
}

Hasher::~Hasher() = default;
Hasher::Hasher(Hasher&&) noexcept = default;

void Hasher::Update(std::string_view bytes) {
  if (state_->digest) {
    INVARIANT(EVP_DigestUpdate(state_->digest.get(), bytes.data(), bytes.size()) == 1) << "digest update";
  } else if (state_->xxh64) {
    XXH64_update(state_->xxh64.get(), bytes.data(), bytes.size());
  } else if (state_->format == HashFormat::kXxh128) {
    XXH3_128bits_update(state_->xxh3.get(), bytes.data(), bytes.size());
  } else {
    XXH3_64bits_update(state_->xxh3.get(), bytes.data(), bytes.size());
  }
}

std::string Hasher::Finish() {
  std::string raw(RawSize(state_->format), '\0');
  if (state_->digest) {
    INVARIANT(EVP_DigestFinal_ex(state_->digest.get(), reinterpret_cast<unsigned char*>(raw.data()), nullptr) == 1)
        << "digest";
  } else if (state_->format == HashFormat::kXxh128) {
    XXH128_canonical_t canonical;
    XXH128_canonicalFromHash(&canonical, XXH3_128bits_digest(state_->xxh3.get()));
    std::copy(std::begin(canonical.digest), std::end(canonical.digest), raw.begin());
  } else {
    const XXH64_hash_t hash =
        state_->xxh64 ? XXH64_digest(state_->xxh64.get()) : XXH3_64bits_digest(state_->xxh3.get());
    XXH64_canonical_t canonical;
    XXH64_canonicalFromHash(&canonical, hash);
    std::copy(std::begin(canonical.digest), std::end(canonical.digest), raw.begin());
  }
  state_->Reset();
  return raw;
}

std::string HashOf(HashFormat format, std::string_view bytes) {
  Hasher hasher(format);
  hasher.Update(bytes);
  return hasher.Finish();
}

std::string C4Of(std::string_view bytes) { return EncodeHash(HashFormat::kC4, HashOf(HashFormat::kC4, bytes)); }

}  // namespace crossdock::mhl
