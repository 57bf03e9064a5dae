// Finds names of a package that the destination's storage takes for one, by case or by Unicode normalisation: the
// second of two such files would land on the first.
//
// It asks the storage itself, in a scratch directory of the attempt's staging. Not thread-safe.
#pragma once

#include <span>

#include "absl/status/status.h"
#include "agent/storage/volume.h"
#include "lib/wire/manifest.h"

namespace crossdock::agent {

class NameCheck {
 public:
  // `staging` is the attempt's own directory. Both must outlive this.
  NameCheck(const Volume& volume, int staging) : volume_(volume), staging_(staging) {}
  ~NameCheck();
  NameCheck(const NameCheck&) = delete;
  NameCheck& operator=(const NameCheck&) = delete;

  // Entries in the manifest's order, a piece at a time. Costs a few calls in all where the storage keeps names apart,
  // and two for each name where it does not. NAME_COLLISION with both names; the errors of the destination.
  absl::Status Add(std::span<const wire::Entry> entries);

 private:
  // Makes the scratch directory, and finds out whether the storage keeps names apart at all.
  absl::Status Begin();
  absl::StatusOr<bool> FoldsTogether(const std::string& one, const std::string& other);
  absl::Status Try(const wire::Entry& entry);

  const Volume& volume_;
  const int staging_;
  base::UniqueFd scratch_;
  bool begun_ = false;
  bool folds_ = false;
};

}  // namespace crossdock::agent
