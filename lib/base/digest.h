// SHA-256, the identity of everything that is named by its content, and the authenticator made of it.
#pragma once

#include <memory>
#include <string>
#include <string_view>

struct evp_md_ctx_st;

namespace crossdock::base {

inline constexpr size_t kSha256Size = 32;

// The 32 raw bytes.
std::string Sha256(std::string_view bytes);

// HMAC with SHA-256 (RFC 2104): 32 raw bytes.
std::string HmacSha256(std::string_view key, std::string_view bytes);

// SHA-256 of bytes that come in pieces. Not thread-safe.
class Sha256Stream {
 public:
  Sha256Stream();
  ~Sha256Stream();
  void Update(std::string_view bytes);
  // The digest of all that was given; starts anew afterwards.
  std::string Finish();

 private:
  std::unique_ptr<evp_md_ctx_st, void (*)(evp_md_ctx_st*)> context_;
};

}  // namespace crossdock::base
