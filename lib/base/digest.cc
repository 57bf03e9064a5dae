#include "lib/base/digest.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "lib/base/check.h"

namespace crossdock::base {

std::string Sha256(std::string_view bytes) {
  Sha256Stream stream;
  stream.Update(bytes);
  return stream.Finish();
}

std::string HmacSha256(std::string_view key, std::string_view bytes) {
  std::string out(kSha256Size, '\0');
  INVARIANT(HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()),
                 reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size(),
                 reinterpret_cast<unsigned char*>(out.data()), nullptr) != nullptr)
      << "HMAC with SHA-256";
  return out;
}

Sha256Stream::Sha256Stream() : context_(EVP_MD_CTX_new(), EVP_MD_CTX_free) {
  INVARIANT(context_ && EVP_DigestInit_ex(context_.get(), EVP_sha256(), nullptr) == 1) << "SHA-256 is not available";
}

Sha256Stream::~Sha256Stream() = default;

void Sha256Stream::Update(std::string_view bytes) {
  INVARIANT(EVP_DigestUpdate(context_.get(), bytes.data(), bytes.size()) == 1) << "SHA-256 update";
}

std::string Sha256Stream::Finish() {
  std::string out(kSha256Size, '\0');
  INVARIANT(EVP_DigestFinal_ex(context_.get(), reinterpret_cast<unsigned char*>(out.data()), nullptr) == 1)
      << "SHA-256";
  INVARIANT(EVP_DigestInit_ex(context_.get(), EVP_sha256(), nullptr) == 1) << "SHA-256";
  return out;
}

}  // namespace crossdock::base
