#include "lib/clearance/facts.h"

#include <limits>

#include "lib/base/status.h"
#include "lib/base/strings.h"
#include "lib/trust/reasons.h"

namespace crossdock::clearance {
namespace {

template <typename... Parts>
absl::Status Refused(std::string_view reason, const Parts&... parts) {
  return base::WithReason(base::PermissionDenied(parts...), reason);
}

absl::Status AddSite(const trust::Roster& roster, const std::string& id, const std::string& end, policy::Facts& facts) {
  const trust::Site* site = roster.FindSite(id);
  if (site == nullptr) {
    return base::WithReason(
        base::NotFound("roster ", roster.number(), " has no site '", base::PercentEscape(id), "' (the ", end, ")"),
        trust::kSiteUnknown);
  }
  std::vector<policy::Certification> certifications;
  for (const trust::Certification& each : site->certifications) certifications.push_back({each.id, each.ends});
  facts.values[end + ".site"] = policy::Fact(site->id);
  facts.values[end + ".country"] = policy::Fact(site->country);
  if (!site->zone.empty()) facts.values[end + ".zone"] = policy::Fact(site->zone);
  facts.values[end + ".certifications"] = policy::Fact(std::move(certifications));
  return absl::OkStatus();
}

// The asserted text, or null when nothing is asserted. An assertion of the wrong type is refused, never skipped.
absl::StatusOr<const std::string*> AssertedText(const policy::Facts& asserted, std::string_view name) {
  const policy::Fact* fact = asserted.Find(name);
  if (fact == nullptr) return nullptr;
  const std::string* text = std::get_if<std::string>(&fact->value);
  if (text == nullptr) return Refused(trust::kClearanceInvalid, "the asserted ", name, " is no text");
  return text;
}

absl::Status AddOwner(const policy::Facts& asserted, std::string_view name, const std::string& mapped,
                      policy::Facts& facts) {
  ASSIGN_OR_RETURN(const std::string* text, AssertedText(asserted, name));
  if (text != nullptr && *text != mapped) {
    return Refused(trust::kPathOfOtherClient, "the asset database says that ", name, " is '",
                   base::PercentEscape(*text), "', but the officers' path map says '", mapped, "'");
  }
  facts.values[std::string(name)] = policy::Fact(mapped);
  return absl::OkStatus();
}

absl::Status AddClassification(const policy::Facts& asserted, const std::string& floor, policy::Facts& facts) {
  constexpr std::string_view kName = "asset.classification";
  ASSIGN_OR_RETURN(const std::string* text, AssertedText(asserted, kName));
  if (text != nullptr && trust::ClassificationRank(*text) < trust::ClassificationRank(floor)) {
    return Refused(trust::kClassificationBelowMap, "the asset database calls it '", base::PercentEscape(*text),
                   "', but what lies on this path is at least '", floor, "' by the officers' path map");
  }
  facts.values[std::string(kName)] = policy::Fact(text == nullptr ? floor : *text);
  return absl::OkStatus();
}

// What lands must lie at least as safe as where it came from, in the same client's folders.
absl::Status CheckDestination(const trust::MappedPath& source, const trust::MappedPath& destination) {
  if (source.client != destination.client || source.project != destination.project) {
    return Refused(trust::kPathOfOtherClient, "the source belongs to ", source.client, "/", source.project,
                   ", the destination's path to ", destination.client, "/", destination.project);
  }
  if (trust::ClassificationRank(destination.classification) < trust::ClassificationRank(source.classification)) {
    return Refused(trust::kClassificationBelowSource, "the source is at least '", source.classification,
                   "', but at the destination's path it would count as '", destination.classification, "'");
  }
  return absl::OkStatus();
}

// By the one name that the roster has for them, so that a person is kept from approving under whatever name they asked
// or published. An account that is tied to nobody may be anybody's: then it is not known who asked.
absl::Status NamePeople(const trust::Roster& roster, policy::Facts& facts) {
  ASSIGN_OR_RETURN(const std::string* publisher, AssertedText(facts, "asset.publisher"));
  if (publisher != nullptr) {
    facts.values["asset.publisher"] = policy::Fact(roster.FindPerson(*publisher).value_or(*publisher));
  }
  ASSIGN_OR_RETURN(const std::string* requester, AssertedText(facts, "requester"));
  if (requester == nullptr) return absl::OkStatus();
  if (!requester->starts_with("user:")) {
    facts.values["requester"] = policy::Fact(roster.FindPerson(*requester).value_or(*requester));
  } else if (const std::optional<std::string> person = roster.PersonOfSubject(*requester)) {
    facts.values["requester"] = policy::Fact(*person);
  } else {
    facts.values.erase("requester");
  }
  return absl::OkStatus();
}

absl::StatusOr<policy::Fact> Count(std::string_view name, uint64_t value) {
  if (value > static_cast<uint64_t>(std::numeric_limits<int64_t>::max())) {
    return Refused(trust::kClearanceInvalid, name, " is out of range");
  }
  return policy::Fact(static_cast<int64_t>(value));
}

}  // namespace

absl::StatusOr<policy::Facts> CollectFacts(const Request& request, const trust::Roster& roster) {
  policy::Facts facts;
  for (const auto& [name, fact] : request.asserted.values) {
    const policy::FactSpec* spec = policy::FindFact(name);
    if (spec != nullptr && spec->provenance == policy::Provenance::kAsserted) facts.values[name] = fact;
  }
  RETURN_IF_ERROR(NamePeople(roster, facts));
  RETURN_IF_ERROR(AddSite(roster, request.source.site, "source", facts));
  RETURN_IF_ERROR(AddSite(roster, request.destination.site, "destination", facts));
  ASSIGN_OR_RETURN(const trust::MappedPath source, roster.MapPath(request.source.volume, request.source.path));
  ASSIGN_OR_RETURN(const trust::MappedPath destination,
                   roster.MapPath(request.destination.volume, request.destination.path));
  RETURN_IF_ERROR(CheckDestination(source, destination));
  RETURN_IF_ERROR(AddOwner(request.asserted, "asset.client", source.client, facts));
  RETURN_IF_ERROR(AddOwner(request.asserted, "asset.project", source.project, facts));
  RETURN_IF_ERROR(AddClassification(request.asserted, source.classification, facts));
  ASSIGN_OR_RETURN(facts.values["transfer.bytes"], Count("transfer.bytes", request.measured.bytes));
  ASSIGN_OR_RETURN(facts.values["transfer.files"], Count("transfer.files", request.measured.files));
  facts.values["transfer.volume"] = policy::Fact(request.source.volume);
  facts.values["transfer.path"] = policy::Fact(request.source.path);
  return facts;
}

}  // namespace crossdock::clearance
