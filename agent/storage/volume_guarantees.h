// What a volume's storage can promise: tried once, in a hidden directory of its own, when the agent starts.
//
// For the log, for the doctor and for people. The landing asks the storage itself each time, by the calls it makes, and
// so does not depend on what was true at the start.
#pragma once

#include <chrono>
#include <string>

#include "agent/storage/file_calls.h"
#include "agent/storage/volume.h"
#include "lib/base/random.h"

namespace crossdock::agent {

struct VolumeGuarantees {
  std::string filesystem;  // "ext4", "xfs", "nfs", …, or its number
  // Nothing else is known when it is not.
  bool writable = false;
  std::string why_not;  // the error's words, when it is not
  bool rename_no_replace = false;
  bool rename_exchange = false;
  bool hard_links = false;
  bool directory_sync = false;                 // a name is durable once its directory was synced
  bool allocate = false;                       // space can be reserved before it is written
  bool attributes = false;                     // extended ones, user.*
  bool case_sensitive = false;                 // "A.exr" and "a.exr" are two files
  bool keeps_names = false;                    // a name's bytes come back as they were given: no Unicode normalisation
  std::chrono::nanoseconds time_resolution{};  // the finest step of mtime that survives; 0: none of those tried

  // The package's directory appears by one call that can replace nothing.
  bool PublishesAtOnce() const { return writable && rename_no_replace; }
  // A package joins a directory that is there, all at once.
  bool MergesAtOnce() const { return writable && rename_exchange && hard_links; }
  bool operator==(const VolumeGuarantees&) const = default;
};

// Takes some milliseconds, on slow storage a second. Leaves nothing behind; what a crash left of an earlier try goes
// after a day.
VolumeGuarantees ProbeVolume(const Volume& volume, base::Random& random);

// "ext4: publishes at once, merges at once; …", for one line of the log.
std::string Describe(const VolumeGuarantees& guarantees);

}  // namespace crossdock::agent
