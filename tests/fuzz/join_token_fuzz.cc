// Any bytes as a join token: there is one spelling, and a refusal repeats nothing of what may be a secret.
#include "lib/pki/join_token.h"
#include "tests/fuzz/properties.h"
#include "tests/fuzz/targets.h"

namespace crossdock::fuzz {

bool FuzzJoinToken(std::string_view input) {
  const absl::StatusOr<pki::JoinToken> token = pki::DecodeJoinToken(input);
  if (!token.ok()) {
    CheckRefusal(token.status());
    static const std::string sentence(base::ToStd(pki::DecodeJoinToken("").status().message()));
    INVARIANT(token.status().message() == base::ToAbsl(sentence)) << "a word of its content";
    return false;
  }
  const size_t begin = input.find_first_not_of(" \n\r\t");
  const size_t end = input.find_last_not_of(" \n\r\t");
  INVARIANT(pki::EncodeJoinToken(*token) == input.substr(begin, end - begin + 1)) << "two spellings of one token";
  return true;
}

}  // namespace crossdock::fuzz
