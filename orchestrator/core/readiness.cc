#include "orchestrator/core/readiness.h"

#include "lib/base/encoding.h"
#include "lib/base/status.h"
#include "lib/wire/name.h"
#include "lib/yaml/quantity.h"

namespace crossdock::orchestrator {
namespace {

constexpr std::chrono::hours kQuietMax{24};
constexpr size_t kMarkerSizeMax = 255;

}  // namespace

absl::StatusOr<Readiness> ParseReadiness(std::string_view text) {
  constexpr std::string_view kStable = "stable ";
  constexpr std::string_view kMarker = "marker ";
  Readiness readiness;
  if (text == "none") return readiness;
  if (text.starts_with(kStable)) {
    const auto quiet = yaml::ParseDuration(text.substr(kStable.size()));
    if (!quiet.ok() || *quiet < std::chrono::seconds(1) || *quiet > kQuietMax) {
      return base::InvalidArgument("'", base::PercentEscape(text), "' needs a time from 1s to 24h: stable 30s");
    }
    readiness.quiet = std::chrono::ceil<std::chrono::seconds>(*quiet);
    return readiness;
  }
  if (text.starts_with(kMarker)) {
    readiness.marker = text.substr(kMarker.size());
    if (readiness.marker.size() <= kMarkerSizeMax && wire::RequirePath(readiness.marker).ok()) return readiness;
    return base::InvalidArgument("'", base::PercentEscape(text),
                                 "' needs the name of a file below the package: marker .complete");
  }
  return base::InvalidArgument("'", base::PercentEscape(text),
                               "' is no way to be ready; write none, stable 30s, or marker .complete");
}

}  // namespace crossdock::orchestrator
