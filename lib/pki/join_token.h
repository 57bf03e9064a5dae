// The one line that an administrator pastes on a new host. It holds a secret, so it goes into a file or a prompt, never
// into an argument. The orchestrator sees the grant, never the seed.
#pragma once

#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "lib/base/ed25519.h"

namespace crossdock::pki {

inline constexpr size_t kJoinTokenSizeMax = 8u << 10;

struct JoinToken {
  std::string orchestrator;  // host:port
  std::string ca_sha256;     // of the CA certificate's DER, lower hex: the newcomer's only trust in TLS
  std::string signed_grant;  // crossdock/join-grant/v1
  base::PrivateKey enrolment_key;
};

// cdj1_ and base64url without padding.
std::string EncodeJoinToken(const JoinToken& token);
// White space around it is ignored. INVALID_ARGUMENT without a word of its content otherwise.
absl::StatusOr<JoinToken> DecodeJoinToken(std::string_view text);

}  // namespace crossdock::pki
