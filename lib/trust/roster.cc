#include "lib/trust/roster.h"

#include <algorithm>
#include <array>

#include "lib/base/digest.h"
#include "lib/base/encoding.h"
#include "lib/base/status.h"
#include "lib/base/strings.h"
#include "lib/trust/reasons.h"

namespace crossdock::trust {
namespace {

constexpr std::array<std::string_view, 5> kClassifications{"public", "internal", "confidential", "restricted",
                                                           "secret"};

// Relative, and every component a name: nothing that a file system would walk upwards.
bool IsCleanPath(std::string_view path) {
  while (true) {
    const size_t slash = path.find('/');
    const std::string_view name = path.substr(0, slash);
    if (name.empty() || name == "." || name == ".." || name.find('\0') != std::string_view::npos) return false;
    if (slash == std::string_view::npos) return true;
    path.remove_prefix(slash + 1);
  }
}

template <typename List, typename Member>
auto FindBy(const List& list, Member member, std::string_view value) -> const typename List::value_type* {
  const auto found = std::find_if(list.begin(), list.end(), [&](const auto& each) { return each.*member == value; });
  return found == list.end() ? nullptr : &*found;
}

}  // namespace

int ClassificationRank(std::string_view classification) {
  const auto found = std::find(kClassifications.begin(), kClassifications.end(), classification);
  return found == kClassifications.end() ? -1 : static_cast<int>(found - kClassifications.begin());
}

std::vector<std::string> Site::CertificationsAt(base::Instant now) const {
  std::vector<std::string> valid;
  for (const Certification& certification : certifications) {
    if (now < certification.ends) valid.push_back(certification.id);
  }
  std::sort(valid.begin(), valid.end());
  return valid;
}

std::string Roster::Root() const {
  std::vector<std::string> keys;
  for (const Officer& officer : officers_) keys.push_back(officer.key.ToHex());
  std::sort(keys.begin(), keys.end());
  std::string text = base::StrCat("crossdock/roster-root/v1\nthreshold: ", threshold_, "\n");
  for (const std::string& key : keys) text += base::StrCat("officer: ", key, "\n");
  return base::ToHex(base::Sha256(text));
}

absl::Status Roster::CheckFresh(base::Instant now) const {
  if (now < expires_) return absl::OkStatus();
  return base::WithReason(
      base::FailedPrecondition("roster ", number_, " expired at ", base::FormatSeconds(expires_),
                               "; an officer must sign a new one (crossdock roster sign) and hand it in"),
      kRosterExpired);
}

const Site* Roster::FindSite(std::string_view id) const { return FindBy(sites_, &Site::id, id); }
const Approver* Roster::FindApprover(std::string_view person) const {
  return FindBy(approvers_, &Approver::person, person);
}
const Officer* Roster::FindOfficer(std::string_view name) const { return FindBy(officers_, &Officer::name, name); }

std::optional<Roster::ApproverKey> Roster::FindApproverKey(std::string_view key_id) const {
  for (const Approver& approver : approvers_) {
    for (const base::PublicKey& key : approver.keys) {
      if (base::KeyId(key) == key_id) return ApproverKey{&approver, key};
    }
  }
  return std::nullopt;
}

absl::StatusOr<const SiteAdmin*> Roster::FindSiteAdmin(std::string_view name, std::string_view site,
                                                       base::Instant signed_at) const {
  if (FindSite(site) == nullptr) {
    return base::WithReason(base::NotFound("roster ", number_, " has no site '", site, "'"), kSiteUnknown);
  }
  const SiteAdmin* admin = FindBy(site_admins_, &SiteAdmin::name, name);
  if (admin == nullptr || std::find(admin->sites.begin(), admin->sites.end(), site) == admin->sites.end()) {
    return base::WithReason(
        base::PermissionDenied("roster ", number_, " names no site admin '", name, "' for site '", site, "'"),
        kSiteAdminUnknown);
  }
  if (admin->until && signed_at >= *admin->until) {
    return base::WithReason(
        base::PermissionDenied("site admin '", name, "' may sign only until ", base::FormatSeconds(*admin->until),
                               "; this is signed at ", base::FormatSeconds(signed_at)),
        kSiteAdminUnknown);
  }
  RETURN_IF_ERROR(CheckNotDenied(admin->key, base::StrCat("site admin '", name, "'")));
  return admin;
}

absl::Status Roster::CheckNotDenied(const base::PublicKey& key, std::string_view what) const {
  if (!denied_.contains(base::KeyId(key))) return absl::OkStatus();
  return base::WithReason(base::PermissionDenied("roster ", number_, " denies key ", base::KeyId(key), " of ", what),
                          kKeyDenied);
}

absl::Status Roster::CheckSpkiNotDenied(std::string_view spki, std::string_view what) const {
  if (!denied_.contains(std::string(spki))) return absl::OkStatus();
  return base::WithReason(base::PermissionDenied("roster ", number_, " denies the TLS key ", spki, " of ", what),
                          kKeyDenied);
}

absl::StatusOr<MappedPath> Roster::MapPath(std::string_view volume, std::string_view path) const {
  const std::string shown = base::StrCat("'", volume, ":", base::PercentEscape(path), "'");
  if (!IsCleanPath(path)) {
    return base::WithReason(base::InvalidArgument(shown, " is not a clean relative path"), kPathNotMapped);
  }
  const std::string directory = base::StrCat(path, "/");
  const PathRule* longest = nullptr;
  for (const PathRule& rule : paths_) {
    if (rule.volume != volume || !directory.starts_with(rule.prefix)) continue;
    if (longest == nullptr || rule.prefix.size() > longest->prefix.size()) longest = &rule;
  }
  if (longest == nullptr) {
    return base::WithReason(base::PermissionDenied("no prefix of the roster's path map covers ", shown,
                                                   "; what is not mapped is not sent; an officer can map it"),
                            kPathNotMapped);
  }
  MappedPath mapped{longest->client, longest->project, longest->classification};
  // A directory takes along what lies below it, so the rules below it count as well.
  for (const PathRule& rule : paths_) {
    if (rule.volume != volume || rule.prefix.size() <= directory.size() || !rule.prefix.starts_with(directory))
      continue;
    if (rule.client != mapped.client || rule.project != mapped.project) {
      return base::WithReason(
          base::PermissionDenied(shown, " spans ", mapped.client, "/", mapped.project, " and ", rule.client, "/",
                                 rule.project, " (", base::PercentEscape(rule.prefix), "); send each on its own"),
          kPathSpansClients);
    }
    if (ClassificationRank(rule.classification) > ClassificationRank(mapped.classification)) {
      mapped.classification = rule.classification;
    }
  }
  return mapped;
}

}  // namespace crossdock::trust
