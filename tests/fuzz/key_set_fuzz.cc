// Any bytes as an identity provider's keys: a set that is taken holds no signature that nobody made.
#include "lib/oidc/key_set.h"

#include "tests/fuzz/properties.h"
#include "tests/fuzz/targets.h"

namespace crossdock::fuzz {

bool FuzzKeySet(std::string_view input) {
  const absl::StatusOr<oidc::KeySet> keys = oidc::KeySet::Parse(input);
  if (!keys.ok()) {
    CheckRefusal(keys.status());
    return false;
  }
  for (const oidc::Algorithm algorithm : oidc::kAllAlgorithms) {
    for (const size_t size : {size_t{0}, size_t{64}, size_t{256}}) {
      const absl::Status verified = keys->Verify("", algorithm, "nobody has signed this", std::string(size, 's'));
      INVARIANT(!verified.ok()) << "a signature that nobody made";
      CheckRefusal(verified);
    }
  }
  return true;
}

}  // namespace crossdock::fuzz
