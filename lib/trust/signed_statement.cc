#include "lib/trust/signed_statement.h"

#include <algorithm>

#include "lib/base/encoding.h"
#include "lib/base/status.h"
#include "lib/base/strings.h"
#include "lib/trust/reasons.h"
#include "lib/trust/statement.h"

namespace crossdock::trust {
namespace {

constexpr std::string_view kPrefix = "signature: ";
constexpr size_t kKeyIdSize = 16;
constexpr size_t kSignatureSize = 64;

template <typename... Parts>
absl::Status Malformed(const Parts&... parts) {
  return base::WithReason(base::InvalidArgument(parts...), kStatementMalformed);
}

absl::StatusOr<Signature> ParseSignature(std::string_view line) {
  if (!line.starts_with(kPrefix)) return Malformed("after the empty line of a signed statement come only signatures");
  line.remove_prefix(kPrefix.size());
  if (line.size() < kKeyIdSize + 1 || line[kKeyIdSize] != ' ' || !base::FromHex(line.substr(0, kKeyIdSize)).ok()) {
    return Malformed("a signature line needs a key id of ", kKeyIdSize, " lower-case hex digits");
  }
  const absl::StatusOr<std::string> bytes = base::FromBase64(line.substr(kKeyIdSize + 1));
  if (!bytes.ok() || bytes->size() != kSignatureSize) {
    return Malformed("a signature line needs ", kSignatureSize, " bytes in base 64");
  }
  return Signature{std::string(line.substr(0, kKeyIdSize)), *bytes};
}

}  // namespace

absl::StatusOr<SignedStatement> SignedStatement::Parse(std::string_view text) {
  if (text.size() > kStatementSizeMax) {
    return Malformed("a signed statement of ", text.size(), " bytes; at most ", kStatementSizeMax);
  }
  const size_t empty_line = text.find("\n\n");
  if (empty_line == std::string_view::npos || !text.ends_with('\n')) {
    return Malformed("a signed statement has an empty line and then its signatures, each line ended by a line feed");
  }
  SignedStatement out;
  out.statement_ = text.substr(0, empty_line + 1);
  RETURN_IF_ERROR(ParseStatement(out.statement_).status());
  text.remove_prefix(empty_line + 2);
  while (!text.empty()) {
    if (out.signatures_.size() == kSignaturesMax) return Malformed("more than ", kSignaturesMax, " signatures");
    const size_t end = text.find('\n');
    ASSIGN_OR_RETURN(Signature signature, ParseSignature(text.substr(0, end)));
    for (const Signature& other : out.signatures_) {
      if (other.key_id == signature.key_id) return Malformed("the key ", signature.key_id, " has signed twice");
    }
    out.signatures_.push_back(std::move(signature));
    text.remove_prefix(end + 1);
  }
  if (out.signatures_.empty()) return Malformed("a signed statement without a signature");
  return out;
}

SignedStatement SignedStatement::Sign(std::string_view statement, std::span<const base::PrivateKey> keys) {
  SignedStatement out;
  out.statement_ = statement;
  for (const base::PrivateKey& key : keys) {
    out.signatures_.push_back({base::KeyId(key.Public()), base::Sign(key, statement)});
  }
  return out;
}

SignedStatement SignedStatement::Sign(std::string_view statement, const base::PrivateKey& key) {
  return Sign(statement, std::span(&key, 1));
}

std::string SignedStatement::Format() const {
  std::string text = base::StrCat(statement_, "\n");
  for (const Signature& signature : signatures_) {
    text += base::StrCat(kPrefix, signature.key_id, " ", base::ToBase64(signature.bytes), "\n");
  }
  return text;
}

absl::Status SignedStatement::AddSignature(const base::PrivateKey& key) {
  const std::string key_id = base::KeyId(key.Public());
  for (const Signature& other : signatures_) {
    if (other.key_id == key_id) return base::AlreadyExists("the key ", key_id, " has already signed this");
  }
  if (signatures_.size() == kSignaturesMax) return base::ResourceExhausted("more than ", kSignaturesMax, " signatures");
  signatures_.push_back({key_id, base::Sign(key, statement_)});
  return absl::OkStatus();
}

bool SignedStatement::SignedBy(const base::PublicKey& key) const {
  const std::string key_id = base::KeyId(key);
  return std::any_of(signatures_.begin(), signatures_.end(), [&](const Signature& signature) {
    return signature.key_id == key_id && base::Verify(key, statement_, signature.bytes);
  });
}

absl::Status SignedStatement::VerifyExactly(std::span<const base::PublicKey> keys) const {
  const std::string_view kind = KindOf(statement_);
  for (const base::PublicKey& key : keys) {
    if (SignedBy(key)) continue;
    return base::WithReason(
        base::PermissionDenied("the ", kind, " statement has no valid signature of key ", base::KeyId(key)),
        kSignatureInvalid);
  }
  if (signatures_.size() != keys.size()) {
    return base::WithReason(base::PermissionDenied("the ", kind, " statement has ", signatures_.size(),
                                                   " signatures, where exactly ", keys.size(), " belong"),
                            kSignatureInvalid);
  }
  return absl::OkStatus();
}

absl::Status SignedStatement::VerifyExactly(const base::PublicKey& key) const {
  return VerifyExactly(std::span(&key, 1));
}

}  // namespace crossdock::trust
