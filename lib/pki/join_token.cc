#include "lib/pki/join_token.h"

#include <algorithm>

#include "lib/base/encoding.h"
#include "lib/base/status.h"
#include "lib/base/strings.h"

namespace crossdock::pki {
namespace {

constexpr std::string_view kPrefix = "cdj1_";

absl::Status Malformed() {
  return base::WithReason(base::InvalidArgument("this is no join token (cdj1_…) or a part of one is missing; copy the "
                                                "whole line that crossdock agent grant printed"),
                          "JOIN_TOKEN_MALFORMED");
}

// Each part is its length in four bytes, big-endian, and its bytes.
void Put(std::string& out, std::string_view part) {
  for (int shift = 24; shift >= 0; shift -= 8) out.push_back(static_cast<char>((part.size() >> shift) & 0xff));
  out += part;
}

bool Take(std::string_view& in, std::string& part) {
  if (in.size() < 4) return false;
  size_t size = 0;
  for (int i = 0; i < 4; ++i) size = size << 8 | static_cast<unsigned char>(in[static_cast<size_t>(i)]);
  in.remove_prefix(4);
  if (in.size() < size) return false;
  part = in.substr(0, size);
  in.remove_prefix(size);
  return true;
}

}  // namespace

std::string EncodeJoinToken(const JoinToken& token) {
  std::string bytes;
  Put(bytes, token.orchestrator);
  Put(bytes, token.ca_sha256);
  Put(bytes, token.signed_grant);
  Put(bytes, token.enrolment_key.Seed());
  std::string text = base::ToBase64(bytes);
  std::replace(text.begin(), text.end(), '+', '-');
  std::replace(text.begin(), text.end(), '/', '_');
  while (text.ends_with('=')) text.pop_back();
  return base::StrCat(kPrefix, text);
}

absl::StatusOr<JoinToken> DecodeJoinToken(std::string_view text) {
  const auto is_space = [](char c) { return c == ' ' || c == '\n' || c == '\r' || c == '\t'; };
  while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_space(text.back())) text.remove_suffix(1);
  if (!text.starts_with(kPrefix) || text.size() > kJoinTokenSizeMax) return Malformed();
  std::string encoded(text.substr(kPrefix.size()));
  if (encoded.find_first_of("+/=") != std::string::npos) return Malformed();
  std::replace(encoded.begin(), encoded.end(), '-', '+');
  std::replace(encoded.begin(), encoded.end(), '_', '/');
  while (encoded.size() % 4 != 0) encoded.push_back('=');
  const absl::StatusOr<std::string> bytes = base::FromBase64(encoded);
  if (!bytes.ok()) return Malformed();
  std::string_view rest = *bytes;
  std::string orchestrator, ca_sha256, grant, seed;
  if (!Take(rest, orchestrator) || !Take(rest, ca_sha256) || !Take(rest, grant) || !Take(rest, seed) || !rest.empty()) {
    return Malformed();
  }
  const absl::StatusOr<base::PrivateKey> key = base::PrivateKey::FromSeed(seed);
  if (!key.ok() || ca_sha256.size() != 64 || !base::FromHex(ca_sha256).ok()) return Malformed();
  return JoinToken{orchestrator, ca_sha256, grant, *key};
}

}  // namespace crossdock::pki
