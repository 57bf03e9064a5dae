#include "agent/own_host.h"

#include <sys/stat.h>

#include <cstdlib>

#include "lib/base/file.h"
#include "lib/base/log.h"
#include "lib/base/status.h"
#include "lib/trust/credential.h"

namespace crossdock::agent {

absl::StatusOr<uint64_t> OwnHost::NextSession() {
  base::MutexLock lock(mutex_);
  uint64_t last = 0;
  struct stat info {};
  if (::stat(session_path_.c_str(), &info) == 0) {
    ASSIGN_OR_RETURN(const std::string text, base::ReadFile(session_path_, 64));
    last = std::strtoull(text.c_str(), nullptr, 10);
  }
  RETURN_IF_ERROR(base::WriteFileAtomic(session_path_, base::StrCat(last + 1, "\n"), 0600));
  return last + 1;
}

std::vector<VolumeSpace> OwnHost::Volumes() {
  std::vector<VolumeSpace> spaces;
  for (const auto& [name, volume] : volumes_) {
    const absl::StatusOr<Volume::Space> space = volume->space();
    // A volume that does not answer is not offered.
    if (space.ok()) spaces.push_back({name, space->bytes_free, space->bytes_total});
  }
  return spaces;
}

void OwnHost::TakeTrust(const TrustUpdate& update) {
  const base::Instant now = clock_.Now();
  if (!update.roster_body.empty()) {
    const absl::Status taken = store_.TakeRoster(update.roster_body, update.roster_statement, now, update.roster_steps);
    if (!taken.ok()) LOG_ERROR("a roster was not believed", {{"error", taken.ToString()}});
  }
  if (const absl::Status taken = store_.TakeActivations(update.activations, now); !taken.ok())
    LOG_ERROR("a policy's activation was not believed", {{"error", taken.ToString()}});
  if (const absl::Status taken = store_.TakeObjections(update.objections, now); !taken.ok())
    LOG_ERROR("a withdrawal or denial was not believed", {{"error", taken.ToString()}});
  std::vector<trust::RelayStatement> relays;
  for (const std::string& statement : update.relay_statements) {
    const auto relay = trust::VerifyRelay(statement, *store_.roster(), now);
    if (relay.ok() && relay->site == site_) {
      relays.push_back(*relay);
    } else {
      LOG_ERROR("a relay was not believed", {{"error", relay.status().ToString()}});
    }
  }
  tending_.Set(relays, update.relay_keys, update.relay_deny);
}

}  // namespace crossdock::agent
