// A package that has landed, as lib/mhl wants to see it: by its manifest, with the digests of its arrival.
#pragma once

#include <vector>

#include "agent/record/staged_record.h"
#include "lib/mhl/inventory.h"

namespace crossdock::agent {

// Links inside the package count as the file at their end; those that lead to a directory or nowhere are left out.
// Everything given must outlive it. One thread.
class StagedInventory : public mhl::Inventory {
 public:
  StagedInventory(const Volume& volume, int data, const wire::Manifest& manifest, const LandedDigests& digests);

  size_t size() const override { return items_.size(); }
  mhl::Item item(size_t index) const override;
  absl::StatusOr<mhl::Digests> Hash(size_t index, const std::vector<mhl::HashFormat>& formats) override;

 private:
  struct Named {
    uint32_t entry = 0;  // whose name
    uint32_t file = 0;   // whose content; the same but for links
  };
  // The file, or directory, at the end of `entry`; null when there is none.
  const wire::Entry* Resolve(const wire::Entry& entry) const;

  const Volume& volume_;
  const int data_;
  const wire::Manifest& manifest_;
  const LandedDigests& digests_;
  std::vector<Named> items_;
};

}  // namespace crossdock::agent
