#include <algorithm>

#include "lib/base/status.h"
#include "lib/policy/parse_parts.h"

namespace crossdock::policy::internal {
namespace {

constexpr int kCountMax = 16;
constexpr size_t kRequirementsMax = 16;
constexpr size_t kRecipientsMax = 16;
constexpr std::string_view kStudioRecipient = "studio/";
constexpr std::chrono::hours kValidForDefault{72};
constexpr std::chrono::hours kValidForMax{24 * 90};

// Reads `key` as a list of the enumerators that `all` holds and `name` names; `fallback` when it is absent.
template <typename Enum, typename Name>
absl::StatusOr<std::set<Enum>> ReadEnums(yaml::Map& map, std::string_view key, std::initializer_list<Enum> all,
                                         Name name, std::set<Enum> fallback) {
  if (!map.Has(key)) return fallback;
  ASSIGN_OR_RETURN(std::vector<std::string> words, map.StringList(key));
  std::set<Enum> result;
  for (size_t i = 0; i < words.size(); ++i) {
    const auto found = std::find_if(all.begin(), all.end(), [&](Enum value) { return name(value) == words[i]; });
    if (found == all.end()) {
      std::string known;
      for (Enum value : all) known += base::StrCat(known.empty() ? "" : ", ", name(value));
      return map.ErrorAtNode(map.Find(key)->items[i], "'", words[i], "' is not possible in '", key, "'; write some of ",
                             known);
    }
    result.insert(*found);
  }
  return result;
}

absl::StatusOr<ApproverSet> ReadApproverSet(const yaml::Map& map, const yaml::Node& node) {
  const size_t colon = node.scalar.find(':');
  ApproverSet set;
  bool known = false;
  for (auto kind : {ApproverSet::Kind::kGroup, ApproverSet::Kind::kTeam, ApproverSet::Kind::kOrganisation,
                    ApproverSet::Kind::kPerson}) {
    const std::string prefix = ApproverSetName({kind, ""});
    if (node.scalar.substr(0, colon + 1) != prefix) continue;
    set = {kind, node.scalar.substr(prefix.size())};
    known = true;
  }
  if (known && IsId(set.name)) return set;
  return map.ErrorAtNode(node, "'", node.scalar,
                         "' names no approvers; write group:NAME, team:NAME, organisation:NAME "
                         "or person:NAME");
}

// `from:`, sorted.
absl::StatusOr<std::vector<ApproverSet>> ReadFrom(yaml::Map& map) {
  ASSIGN_OR_RETURN(const std::vector<std::string> names, map.StringList("from"));
  if (names.empty()) return map.Error("from", "nobody may approve; name at least one group, as in [group:NAME]");
  std::vector<ApproverSet> from;
  for (const yaml::Node& item : map.Find("from")->items) {
    ASSIGN_OR_RETURN(ApproverSet set, ReadApproverSet(map, item));
    from.push_back(std::move(set));
  }
  std::sort(from.begin(), from.end());
  return from;
}

absl::StatusOr<Requirement> ReadRequirement(yaml::Map map) {
  Requirement requirement;
  requirement.place = PlaceOf(map.node());
  ASSIGN_OR_RETURN(requirement.id, ReadId(map, "id"));
  ASSIGN_OR_RETURN(int64_t count, map.Int("count", 1, kCountMax));
  requirement.count = static_cast<int>(count);
  ASSIGN_OR_RETURN(requirement.from, ReadFrom(map));
  RETURN_IF_ERROR(map.Finish());
  return requirement;
}

absl::Status ReadAllOf(yaml::Map& map, Approvals& approvals, std::map<std::string, Requirement>& seen) {
  ASSIGN_OR_RETURN(std::vector<yaml::Map> all_of, map.SubMaps("all_of"));
  if (all_of.empty()) {
    return map.Error("all_of", "no requirement; name at least one, or write 'approvals: none' to say so openly");
  }
  if (all_of.size() > kRequirementsMax) return map.Error("all_of", "more than ", kRequirementsMax, "; merge some");
  for (const yaml::Map& each : all_of) {
    ASSIGN_OR_RETURN(Requirement requirement, ReadRequirement(each));
    for (const Requirement& other : approvals.all_of) {
      if (other.id == requirement.id) return each.Error("id", "'", other.id, "' stands twice; raise its count instead");
    }
    // An approval names the requirement that it fills, so one id must not mean two things.
    const auto [known, is_new] = seen.emplace(requirement.id, requirement);
    if (!is_new && (known->second.count != requirement.count || known->second.from != requirement.from)) {
      return each.Error("id", "requirement '", requirement.id, "' means something else at line ",
                        known->second.place.line, "; use another id, or the same count and from");
    }
    approvals.all_of.push_back(std::move(requirement));
  }
  return absl::OkStatus();
}

// Whom `key` names of those whom a file of `scope` may have told.
absl::StatusOr<std::set<std::string>> ReadRecipients(yaml::Map& map, std::string_view key, const Scope& scope) {
  ASSIGN_OR_RETURN(const std::vector<std::string> names, map.StringList(key));
  if (names.empty()) return map.Error(key, "nobody to notify; name a recipient, or remove it");
  if (names.size() > kRecipientsMax)
    return map.Error(key, "more than ", kRecipientsMax, " recipients; notify a list of the mail server instead");
  const std::string own = scope.level() == Scope::Level::kStudio ? "" : base::StrCat("client:", scope.client, "/");
  for (const std::string_view name : names) {
    // What is said of a client's content goes to that client and to the studio, and nobody else.
    const bool to_client = !own.empty() && name.starts_with(own) && IsId(name.substr(own.size()));
    const bool to_studio = name.starts_with(kStudioRecipient) && IsId(name.substr(kStudioRecipient.size()));
    if (!to_client && !to_studio) {
      return map.Error(key, "'", base::PercentEscape(name), "' is no recipient of this policy; write ",
                       own.empty() ? "" : base::StrCat(own, "NAME or "), kStudioRecipient, "NAME");
    }
  }
  return std::set<std::string>(names.begin(), names.end());
}

// Who is told while approvals are open.
absl::Status ReadReminders(yaml::Map& map, const Scope& scope, Approvals& approvals) {
  if (map.Has("remind_after")) {
    ASSIGN_OR_RETURN(approvals.remind_after, map.Duration("remind_after", std::chrono::minutes(1), kValidForMax));
  }
  if (map.Has("escalate_after") != map.Has("escalate_to")) {
    return map.Error(map.Has("escalate_to") ? "escalate_to" : "escalate_after",
                     "'escalate_after' and 'escalate_to' belong together; write both, or neither");
  }
  if (!map.Has("escalate_to")) return absl::OkStatus();
  ASSIGN_OR_RETURN(approvals.escalate_after, map.Duration("escalate_after", std::chrono::minutes(1), kValidForMax));
  ASSIGN_OR_RETURN(approvals.escalate_to, ReadRecipients(map, "escalate_to", scope));
  return absl::OkStatus();
}

absl::StatusOr<Approvals> ReadApprovals(yaml::Map map, Names& names) {
  RETURN_IF_ERROR(RefuseUnsupported(map, {"any_of"}));
  Approvals approvals;
  RETURN_IF_ERROR(ReadAllOf(map, approvals, names.requirements));
  ASSIGN_OR_RETURN(auto distinct,
                   ReadEnums(map, "distinct", {Distinct::kPerson, Distinct::kTeam, Distinct::kOrganisation},
                             DistinctName, {Distinct::kPerson}));
  // Persons are counted in any case; the widest of the named levels implies the narrower ones.
  approvals.distinct = distinct.empty() ? Distinct::kPerson : *distinct.rbegin();
  ASSIGN_OR_RETURN(approvals.exclude, ReadEnums(map, "exclude", {Exclude::kRequester, Exclude::kAssetPublisher},
                                                ExcludeName, {Exclude::kRequester, Exclude::kAssetPublisher}));
  ASSIGN_OR_RETURN(approvals.valid_for,
                   map.DurationOr("valid_for", kValidForDefault, std::chrono::minutes(1), kValidForMax));
  ASSIGN_OR_RETURN(
      approvals.bind,
      ReadEnums(map, "bind", {Bind::kListing, Bind::kContent, Bind::kSource, Bind::kDestination, Bind::kPolicy},
                BindName, {Bind::kListing, Bind::kSource, Bind::kDestination, Bind::kPolicy}));
  if (!approvals.bind.contains(Bind::kListing) && !approvals.bind.contains(Bind::kContent)) {
    return map.Error("bind", "approvals that are bound to no files approve anything; add listing or content");
  }
  RETURN_IF_ERROR(ReadReminders(map, names.scope, approvals));
  RETURN_IF_ERROR(map.Finish());
  return approvals;
}

}  // namespace

absl::StatusOr<VerifyLevel> ReadVerify(yaml::Map& map) {
  ASSIGN_OR_RETURN(const std::string word, map.OneOfOr("verify", "landed", {"transit", "landed", "readback"}));
  return word == "transit" ? VerifyLevel::kTransit : word == "landed" ? VerifyLevel::kLanded : VerifyLevel::kReadback;
}

absl::StatusOr<BreakGlass> ReadBreakGlass(yaml::Map map, const Scope& scope) {
  BreakGlass break_glass;
  break_glass.place = PlaceOf(map.node());
  ASSIGN_OR_RETURN(break_glass.from, ReadFrom(map));
  ASSIGN_OR_RETURN(break_glass.notify, ReadRecipients(map, "notify", scope));
  RETURN_IF_ERROR(map.Finish());
  return break_glass;
}

absl::StatusOr<Obligations> ReadObligations(yaml::Map map, const Scope& scope) {
  Obligations obligations;
  if (map.Has("scan")) {
    RETURN_IF_ERROR(map.OneOf("scan", {"before_release"}).status());
    obligations.scan = true;
  }
  if (map.Has("delete_staging_within")) {
    ASSIGN_OR_RETURN(obligations.delete_staging_within,
                     map.Duration("delete_staging_within", std::chrono::hours(1), std::chrono::hours(24 * 90)));
  }
  if (map.Has("mhl")) {
    RETURN_IF_ERROR(map.OneOf("mhl", {"required"}).status());
    obligations.mhl = true;
  }
  if (map.Has("record_formats")) {
    if (!obligations.mhl) return map.Error("record_formats", "'record_formats' belongs to 'mhl: required'; add that");
    ASSIGN_OR_RETURN(const std::vector<std::string> formats, map.StringList("record_formats"));
    if (formats.empty()) return map.Error("record_formats", "no format; write some of c4, md5, sha1, or remove it");
    for (const std::string& format : formats) {
      if (format == "c4" || format == "md5" || format == "sha1") continue;
      return map.Error("record_formats", "'", base::PercentEscape(format),
                       "' is none of c4, md5, sha1; xxh128 is there anyway");
    }
    obligations.record_formats.insert(formats.begin(), formats.end());
  }
  if (map.Has("verify")) {
    ASSIGN_OR_RETURN(obligations.verify, ReadVerify(map));
  }
  if (map.Has("notify")) {
    ASSIGN_OR_RETURN(obligations.notify, ReadRecipients(map, "notify", scope));
  }
  RETURN_IF_ERROR(map.Finish());
  if (obligations != Obligations()) return obligations;
  return map.ErrorAtNode(
      map.node(),
      "no obligation; write some of delete_staging_within, mhl, notify, record_formats, scan, verify, or remove it");
}

absl::StatusOr<Require> ReadRequire(yaml::Map map, Names& names) {
  Require require;
  const yaml::Node* node = map.Find("approvals");
  if (node == nullptr) {
    return map.ErrorAtNode(map.node(), "'approvals' is missing; write who must approve, or 'approvals: none'");
  }
  if (node->IsScalar()) {
    RETURN_IF_ERROR(map.OneOf("approvals", {"none"}).status());
  } else {
    ASSIGN_OR_RETURN(yaml::Map approvals, map.SubMap("approvals"));
    ASSIGN_OR_RETURN(require.approvals, ReadApprovals(std::move(approvals), names));
  }
  ASSIGN_OR_RETURN(auto encryption, map.OptionalSubMap("encryption"));
  if (encryption) {
    RETURN_IF_ERROR(encryption->OneOf("in_motion", {"aes-256"}).status());
    RETURN_IF_ERROR(encryption->Finish());
    require.encrypt_in_motion = true;
  }
  ASSIGN_OR_RETURN(require.verify, ReadVerify(map));
  ASSIGN_OR_RETURN(auto window, map.OptionalSubMap("window"));
  if (window) {
    ASSIGN_OR_RETURN(require.window, ReadWindow(*std::move(window), names));
  }
  RETURN_IF_ERROR(map.Finish());
  return require;
}

}  // namespace crossdock::policy::internal
