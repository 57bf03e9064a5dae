// Properties that every parser of ours has.
#pragma once

#include <algorithm>

#include "absl/status/status.h"
#include "lib/base/check.h"
#include "lib/base/status.h"
#include "lib/base/strings.h"

namespace crossdock::fuzz {

// A refusal names its reason for programs and says something to people, in one line of printable text.
inline void CheckRefusal(const absl::Status& status) {
  INVARIANT(!base::ReasonOf(status).empty()) << "a refusal without a reason: " << status;
  INVARIANT(!status.message().empty()) << "a refusal without a sentence";
  const auto control = [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; };
  INVARIANT(std::none_of(status.message().begin(), status.message().end(), control))
      << "a refusal that writes control characters into somebody's terminal or log: "
      << base::PercentEscape(base::ToStd(status.message()));
  INVARIANT(status.message().size() < 16'384) << "a refusal of " << status.message().size() << " bytes";
}

}  // namespace crossdock::fuzz
