#include "lib/trust/kinds.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <type_traits>
#include <utility>

#include "lib/base/digest.h"
#include "lib/base/encoding.h"
#include "lib/base/status.h"
#include "lib/base/strings.h"
#include "lib/trust/reasons.h"
#include "lib/trust/statement.h"
#include "lib/trust/values.h"

namespace crossdock::trust {
namespace {

template <typename Enum, size_t kSize>
using Words = std::array<std::pair<Enum, std::string_view>, kSize>;

constexpr Words<ApprovalDecision, 2> kDecisions{
    {{ApprovalDecision::kApprove, "approve"}, {ApprovalDecision::kDeny, "deny"}}};
constexpr Words<bool, 2> kReviewed{{{true, "justified"}, {false, "unjustified"}}};
constexpr Words<ReceiptRole, 3> kRoles{
    {{ReceiptRole::kSent, "sent"}, {ReceiptRole::kLanded, "landed"}, {ReceiptRole::kDeleted, "deleted"}}};
constexpr Words<ReceiptVerify, 3> kVerifies{
    {{ReceiptVerify::kTransit, "transit"}, {ReceiptVerify::kLanded, "landed"}, {ReceiptVerify::kReadback, "readback"}}};

template <typename Enum, size_t kSize>
std::string_view NameOf(Enum value, const Words<Enum, kSize>& words) {
  for (const auto& [each, name] : words) {
    if (each == value) return name;
  }
  return "";
}

bool IsClean(std::string_view text) { return text == "clean"; }

// Puts the fields of a struct into a statement, in the order in which Visit names them.
class Writer {
 public:
  explicit Writer(std::string_view kind) { statement_.kind = kind; }
  const Statement& statement() const { return statement_; }

  void Number(const char* name, const uint64_t& value) { Put(name, base::StrCat(value)); }
  void Time(const char* name, const base::Instant& value) { Put(name, base::FormatSeconds(value)); }
  void Key(const char* name, const base::PublicKey& value) { Put(name, value.ToHex()); }
  void OptionalKey(const char* name, const std::optional<base::PublicKey>& value) {
    Put(name, value ? value->ToHex() : "");
  }
  void Text(const char* name, const std::string& value, bool (*)(std::string_view), const char*) { Put(name, value); }
  void OptionalText(const char* name, const std::string& value, bool (*)(std::string_view), const char*) {
    Put(name, value);
  }
  template <typename Enum, size_t kSize>
  void Word(const char* name, const Enum& value, const Words<Enum, kSize>& words) {
    Put(name, std::string(NameOf(value, words)));
  }
  void SortedDigests(const char* name, const std::vector<std::string>& values) {
    for (const std::string& value : values) Put(name, value);
  }
  void Trailing(const char* name, const std::string& value, bool (*)(std::string_view), const char*) {
    if (!value.empty()) Put(name, value);
  }
  void Require(bool, const char*) {}  // Encode decodes what it wrote

 private:
  void Put(const char* name, std::string value) { statement_.fields.push_back({name, std::move(value)}); }
  Statement statement_;
};

// Takes them out again in the same order. The first error stays; what follows it does nothing.
class Reader {
 public:
  explicit Reader(const Statement& statement) : statement_(statement) {}

  absl::Status Finish() {
    if (status_.ok() && next_ < statement_.fields.size()) {
      Fail("has a line '", statement_.fields[next_].name, "' that its kind does not know there");
    }
    return status_;
  }

  void Number(const char* name, uint64_t& value) {
    const std::string* text = Take(name);
    if (text == nullptr) return;
    const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), value);
    if (error != std::errc() || base::StrCat(value) != *text) Fail("has no plain decimal number in '", name, "'");
  }
  void Time(const char* name, base::Instant& value) {
    const std::string* text = Take(name);
    if (text == nullptr) return;
    const absl::StatusOr<base::Instant> instant = base::ParseInstant(*text);
    if (!instant.ok() || base::FormatSeconds(*instant) != *text) {
      return Fail("has no time such as 2026-11-20T10:00:00Z in '", name, "'");
    }
    value = *instant;
  }
  void Key(const char* name, base::PublicKey& value) {
    const std::string* text = Take(name);
    if (text == nullptr) return;
    const absl::StatusOr<base::PublicKey> key = base::PublicKey::FromHex(*text);
    if (!key.ok()) return Fail("has no public key of 64 lower-case hex digits in '", name, "'");
    value = *key;
  }
  void OptionalKey(const char* name, std::optional<base::PublicKey>& value) {
    if (NextIsAbsent(name)) return;
    Key(name, value.emplace());
  }
  void Text(const char* name, std::string& value, bool (*valid)(std::string_view), const char* what) {
    const std::string* text = Take(name);
    if (text == nullptr) return;
    if (!valid(*text)) return Fail("has no ", what, " in '", name, "'");
    value = *text;
  }
  void OptionalText(const char* name, std::string& value, bool (*valid)(std::string_view), const char* what) {
    if (!NextIsAbsent(name)) Text(name, value, valid, what);
  }
  // The kind's last line, which older statements do not have.
  void Trailing(const char* name, std::string& value, bool (*valid)(std::string_view), const char* what) {
    if (status_.ok() && next_ < statement_.fields.size()) Text(name, value, valid, what);
  }
  template <typename Enum, size_t kSize>
  void Word(const char* name, Enum& value, const Words<Enum, kSize>& words) {
    const std::string* text = Take(name);
    if (text == nullptr) return;
    const auto found = std::find_if(words.begin(), words.end(), [&](const auto& word) { return word.second == *text; });
    if (found == words.end()) return Fail("has an unknown word in '", name, "'");
    value = found->first;
  }
  void SortedDigests(const char* name, std::vector<std::string>& values) {
    while (status_.ok() && next_ < statement_.fields.size()) {
      std::string digest;
      Text(name, digest, IsDigest, "digest");
      if (status_.ok() && !values.empty() && values.back() >= digest) Fail("does not sort its '", name, "' lines");
      values.push_back(std::move(digest));
    }
  }

  // A rule over several fields.
  void Require(bool holds, const char* rule) {
    if (!holds) Fail(rule);
  }

 private:
  template <typename... Parts>
  void Fail(const Parts&... parts) {
    if (!status_.ok()) return;
    status_ = base::WithReason(base::InvalidArgument("a statement of kind ", statement_.kind, " ", parts...),
                               kStatementMalformed);
  }
  const std::string* Take(const char* name) {
    if (!status_.ok()) return nullptr;
    if (next_ >= statement_.fields.size() || statement_.fields[next_].name != name) {
      Fail("has no '", name, "' as line ", next_ + 2);
      return nullptr;
    }
    return &statement_.fields[next_++].value;
  }
  bool NextIsAbsent(const char* name) {
    if (!status_.ok() || next_ >= statement_.fields.size()) return false;
    if (statement_.fields[next_].name != name || !statement_.fields[next_].value.empty()) return false;
    ++next_;
    return true;
  }

  const Statement& statement_;
  size_t next_ = 0;
  absl::Status status_;
};

// One Visit a kind: the names and the order are the format. Codec is Writer or Reader.

template <typename Codec, typename Kind>
void Id(Codec& codec, const char* name, Kind& value) {
  codec.Text(name, value, IsId, "id of lower-case letters, digits, '.', '_' and '-'");
}
template <typename Codec, typename Kind>
void Digest(Codec& codec, const char* name, Kind& value) {
  codec.Text(name, value, IsDigest, "SHA-256 of 64 lower-case hex digits");
}
template <typename Codec, typename Kind>
void Place(Codec& codec, const char* name, Kind& value) {
  codec.Text(name, value, IsPlace, "site/volume");
}
template <typename Codec, typename Kind>
void Nonce(Codec& codec, const char* name, Kind& value) {
  codec.Text(name, value, IsNonce, "nonce of 16 to 64 lower-case hex digits");
}

template <typename Codec>
void Visit(Codec& codec, RosterStatement& s) {
  codec.Number("number", s.number);
  codec.Time("issued", s.issued);
  codec.Time("expires", s.expires);
  Digest(codec, "body_sha256", s.body_sha256);
}

template <typename Codec>
void Visit(Codec& codec, PolicyActivation& s) {
  codec.Text("client", s.client, IsPolicyScope, "client's id, 'studio:all', or show:CLIENT/SHOW");
  codec.Number("number", s.number);
  Digest(codec, "digest", s.digest);
  codec.Time("activated", s.activated);
  Id(codec, "officer", s.officer);
}

template <typename Codec>
void Visit(Codec& codec, JoinGrant& s) {
  codec.Text("role", s.role, IsGrantRole, "role 'agent'");
  Id(codec, "site", s.site);
  codec.Key("enrolment_key", s.enrolment_key);
  Digest(codec, "roster_root", s.roster_root);
  codec.Time("not_before", s.not_before);
  codec.Time("not_after", s.not_after);
  codec.Require(s.not_before < s.not_after && s.not_after - s.not_before <= kJoinGrantMax,
                "must be valid for more than nothing and at most an hour");
  Nonce(codec, "nonce", s.nonce);
  Id(codec, "site_admin", s.site_admin);
}

template <typename Codec>
void Visit(Codec& codec, AgentIdentity& s) {
  Id(codec, "agent", s.agent);
  Id(codec, "site", s.site);
  codec.Key("identity_key", s.identity_key);
  Digest(codec, "tls_spki", s.tls_spki);
  Digest(codec, "grant_sha256", s.grant_sha256);
  codec.Time("made", s.made);
}

template <typename Codec>
void Visit(Codec& codec, RelayStatement& s) {
  Id(codec, "relay", s.relay);
  Id(codec, "site", s.site);
  Digest(codec, "spki", s.spki);
  codec.Text("address_lan", s.address_lan, IsAddress, "host:port");
  codec.Text("address_wan", s.address_wan, IsAddress, "host:port");
  codec.Time("added", s.added);
  Id(codec, "site_admin", s.site_admin);
}

template <typename Codec>
void Visit(Codec& codec, RelayKeys& s) {
  codec.Number("number", s.number);
  codec.Time("issued", s.issued);
  codec.Time("expires", s.expires);
  codec.Key("ticket_key", s.ticket_key);
  codec.OptionalKey("ticket_key_next", s.ticket_key_next);
}

template <typename Codec>
void Visit(Codec& codec, RelayDeny& s) {
  codec.Number("number", s.number);
  codec.Time("issued", s.issued);
  codec.SortedDigests("deny", s.deny);
}

template <typename Codec, typename Kind>
void Requirement(Codec& codec, Kind& value) {
  codec.Text("requirement", value, IsRequirement, "requirement's id, with studio/ or show/ before it or not");
}

// What everything that is signed over what would move names alike.
template <typename Codec, typename Kind>
void VisitBound(Codec& codec, Kind& s) {
  Id(codec, "transfer", s.transfer);
  Id(codec, "client", s.client);
  Id(codec, "project", s.project);
  Digest(codec, "listing", s.listing);
  if constexpr (requires { s.content; })
    codec.OptionalText("content", s.content, IsDigest, "SHA-256 of 64 lower-case hex digits");
  codec.Number("files", s.files);
  codec.Number("bytes", s.bytes);
  Place(codec, "source", s.source);
  Place(codec, "destination", s.destination);
  Id(codec, "classification", s.classification);
  Digest(codec, "policy", s.policy);
  if constexpr (requires { s.requirement; }) Requirement(codec, s.requirement);
}

template <typename Codec>
void Visit(Codec& codec, ApprovalStatement& s) {
  VisitBound(codec, s);
  codec.Word("decision", s.decision, kDecisions);
  codec.Text("scope", s.scope, IsScope, "scope 'once'");
  codec.Time("not_before", s.not_before);
  codec.Time("not_after", s.not_after);
  Id(codec, "approver", s.approver);
  Nonce(codec, "nonce", s.nonce);
}

template <typename Codec>
void Visit(Codec& codec, DenialStatement& s) {
  VisitBound(codec, s);
  codec.OptionalText("reason", s.reason, IsText, "reason of at most 256 bytes");
  codec.Time("denied", s.denied);
  Id(codec, "approver", s.approver);
  Nonce(codec, "nonce", s.nonce);
}

template <typename Codec>
void Visit(Codec& codec, Delegation& s) {
  codec.OptionalText("client", s.client, IsId, "id of lower-case letters, digits, '.', '_' and '-'");
  Id(codec, "delegate", s.delegate);
  codec.Time("not_before", s.not_before);
  codec.Time("not_after", s.not_after);
  codec.Require(s.not_before < s.not_after && s.not_after - s.not_before <= kDelegationMax,
                "must be valid for more than nothing and at most 92 days");
  codec.OptionalText("reason", s.reason, IsText, "reason of at most 256 bytes");
  Id(codec, "approver", s.approver);
  codec.Require(s.approver != s.delegate, "must name two persons");
  Nonce(codec, "nonce", s.nonce);
}

template <typename Codec>
void Visit(Codec& codec, BreakGlass& s) {
  VisitBound(codec, s);
  codec.Text("reason", s.reason, IsText, "reason of at most 256 bytes");
  codec.Time("not_before", s.not_before);
  codec.Time("not_after", s.not_after);
  codec.Require(s.not_before < s.not_after && s.not_after - s.not_before <= kBreakGlassMax,
                "must be valid for more than nothing and at most 4 hours");
  Id(codec, "first", s.first);
  Id(codec, "second", s.second);
  codec.Require(s.first != s.second, "must name two persons");
  Nonce(codec, "nonce", s.nonce);
}

template <typename Codec>
void Visit(Codec& codec, BreakGlassReview& s) {
  Id(codec, "transfer", s.transfer);
  Id(codec, "client", s.client);
  Digest(codec, "break_glass", s.break_glass);
  codec.Word("verdict", s.justified, kReviewed);
  codec.Text("text", s.text, IsText, "text of at most 256 bytes");
  codec.Time("reviewed", s.reviewed);
  Id(codec, "reviewer", s.reviewer);
}

template <typename Codec>
void Visit(Codec& codec, Withdrawal& s) {
  Id(codec, "transfer", s.transfer);
  Id(codec, "client", s.client);
  Requirement(codec, s.requirement);
  Digest(codec, "approval", s.approval);
  codec.Time("not_after", s.not_after);
  codec.OptionalText("reason", s.reason, IsText, "reason of at most 256 bytes");
  codec.Time("withdrawn", s.withdrawn);
  Id(codec, "approver", s.approver);
}

template <typename Codec>
void Visit(Codec& codec, DelegationEnd& s) {
  codec.OptionalText("client", s.client, IsId, "id of lower-case letters, digits, '.', '_' and '-'");
  Id(codec, "delegate", s.delegate);
  Digest(codec, "delegation", s.delegation);
  codec.Time("not_after", s.not_after);
  codec.OptionalText("reason", s.reason, IsText, "reason of at most 256 bytes");
  codec.Time("ended", s.ended);
  Id(codec, "approver", s.approver);
}

template <typename Codec>
void Visit(Codec& codec, Receipt& s) {
  Id(codec, "transfer", s.transfer);
  codec.Text("epoch", s.epoch, IsEpoch, "epoch such as 1.7");
  codec.Word("role", s.role, kRoles);
  Id(codec, "agent", s.agent);
  Id(codec, "site", s.site);
  Digest(codec, "listing", s.listing);
  codec.OptionalText("content", s.content, IsDigest, "SHA-256 of 64 lower-case hex digits");
  codec.Number("files", s.files);
  codec.Number("bytes", s.bytes);
  codec.Time("began", s.began);
  codec.Time("ended", s.ended);
  codec.Word("verify", s.verify, kVerifies);
  codec.OptionalText("request", s.request, IsText, "request");
  Digest(codec, "policy", s.policy);
  codec.Trailing("scan", s.scan, IsClean, "word 'clean'");
}

}  // namespace

std::string_view Name(ApprovalDecision decision) { return NameOf(decision, kDecisions); }
std::string_view Name(ReceiptRole role) { return NameOf(role, kRoles); }
std::string_view Name(ReceiptVerify verify) { return NameOf(verify, kVerifies); }

template <typename Kind>
absl::StatusOr<Kind> Decode(std::string_view text) {
  ASSIGN_OR_RETURN(const Statement statement, ParseStatement(text));
  if (statement.kind != Kind::kKind) {
    return base::WithReason(base::InvalidArgument("a statement of kind ", statement.kind, " where one of kind ",
                                                  Kind::kKind, " was expected"),
                            kStatementMalformed);
  }
  Kind kind;
  Reader reader(statement);
  Visit(reader, kind);
  RETURN_IF_ERROR(reader.Finish());
  return kind;
}

template <typename Kind>
absl::StatusOr<std::string> Encode(const Kind& statement) {
  Kind copy = statement;
  Writer writer(Kind::kKind);
  Visit(writer, copy);
  std::string text = FormatStatement(writer.statement());
  // Nobody signs what nobody can read.
  RETURN_IF_ERROR(Decode<Kind>(text).status());
  return text;
}

#define CROSSDOCK_KIND(Kind)                                           \
  template absl::StatusOr<std::string> Encode<Kind>(const Kind& kind); \
  template absl::StatusOr<Kind> Decode<Kind>(std::string_view text)
CROSSDOCK_KIND(RosterStatement);
CROSSDOCK_KIND(PolicyActivation);
CROSSDOCK_KIND(JoinGrant);
CROSSDOCK_KIND(AgentIdentity);
CROSSDOCK_KIND(RelayStatement);
CROSSDOCK_KIND(RelayKeys);
CROSSDOCK_KIND(RelayDeny);
CROSSDOCK_KIND(ApprovalStatement);
CROSSDOCK_KIND(DenialStatement);
CROSSDOCK_KIND(Delegation);
CROSSDOCK_KIND(Withdrawal);
CROSSDOCK_KIND(DelegationEnd);
CROSSDOCK_KIND(BreakGlass);
CROSSDOCK_KIND(BreakGlassReview);
CROSSDOCK_KIND(Receipt);

}  // namespace crossdock::trust
