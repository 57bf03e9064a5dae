#include "orchestrator/api/authenticator.h"

#include <algorithm>

#include "lib/base/digest.h"
#include "lib/base/encoding.h"
#include "lib/base/log.h"
#include "lib/base/status.h"

namespace crossdock::orchestrator::api {
namespace {

constexpr size_t kSecretBytes = 32;
constexpr size_t kSecretSizeMax = 128;

absl::Status Unauthenticated(std::string_view message, std::string_view reason) {
  return base::WithReason(base::Error(absl::StatusCode::kUnauthenticated, message), reason);
}

absl::Status DatabaseAway(const absl::Status& why) {
  LOG_WARNING("callers cannot be checked", {{"detail", base::ToStd(why.message())}});
  return base::WithReason(base::Unavailable("callers cannot be checked now: try again"), "DATABASE_CONNECTION_LOST");
}

}  // namespace

std::string NewTokenSecret(base::Random& random) {
  return base::StrCat(kTokenPrefix, base::ToBase64Url(random.Bytes(kSecretBytes)));
}

std::string TokenHash(std::string_view secret) { return base::ToHex(base::Sha256(secret)); }

DatabaseAuthenticator::DatabaseAuthenticator(pg::Database& database, const base::Clock& clock,
                                             RolesOfUsers roles_of_users, const SignIn* sign_in)
    : database_(database), clock_(clock), roles_of_users_(std::move(roles_of_users)), sign_in_(sign_in) {}

absl::StatusOr<rpc::Caller> DatabaseAuthenticator::ByToken(std::string_view secret) {
  const bool ours = secret.substr(0, kTokenPrefix.size()) == kTokenPrefix;
  if (!ours && sign_in_ != nullptr) {
    ASSIGN_OR_RETURN(rpc::Caller caller, sign_in_->CallerOf(secret));
    return Named(std::move(caller));
  }
  if (!ours || secret.size() > kSecretSizeMax) return Unauthenticated("that is not an API token", "TOKEN_UNKNOWN");
  ASSIGN_OR_RETURN(const auto token, FindToken(TokenHash(secret)));
  if (!token) return Unauthenticated("unknown API token", "TOKEN_UNKNOWN");
  if (token->revoked) return Unauthenticated("the API token was revoked", "TOKEN_REVOKED");
  if (clock_.Now() >= token->expires) return Unauthenticated("the API token has expired", "TOKEN_EXPIRED");
  rpc::Caller caller;
  caller.kind = rpc::CallerKind::kToken;
  caller.subject = base::StrCat("token:", token->subject);
  caller.client = token->client;
  for (const std::string& name : token->roles) {
    if (const auto role = rpc::RoleOf(name)) caller.roles.push_back(*role);
  }
  return caller;
}

absl::StatusOr<rpc::Caller> DatabaseAuthenticator::ByCertificate(const rpc::PeerCertificate& certificate) {
  ASSIGN_OR_RETURN(const bool denied, IsDenied(certificate.spki_sha256));
  if (denied) return Unauthenticated("this certificate's key is denied", "KEY_DENIED");
  rpc::Caller caller;
  caller.id = certificate.id;
  caller.spki_sha256 = certificate.spki_sha256;
  switch (certificate.id.kind) {
    case rpc::PeerKind::kAgent:
      caller.kind = rpc::CallerKind::kAgent;
      caller.subject = base::StrCat("agent:", certificate.id.site, "/", certificate.id.name);
      return caller;
    case rpc::PeerKind::kUser: {
      caller.kind = rpc::CallerKind::kUser;
      caller.subject = base::StrCat("user:", certificate.id.name);
      const auto known = roles_of_users_.find(rpc::FormatSpiffeId(certificate.id));
      if (known != roles_of_users_.end()) caller.roles = known->second;
      return Named(std::move(caller));
    }
    case rpc::PeerKind::kRelay:
    case rpc::PeerKind::kOrchestrator:
      break;
  }
  return Unauthenticated("neither an agent's nor a user's certificate", "UNAUTHENTICATED");
}

absl::StatusOr<std::optional<store::ApiToken>> DatabaseAuthenticator::FindToken(const std::string& hash) {
  const base::Steady now = clock_.MonotonicNow();
  std::optional<CachedToken> stale;
  {
    base::MutexLock lock(mutex_);
    if (const auto known = tokens_.find(hash); known != tokens_.end()) {
      if (now - known->second.read < kFreshFor) return known->second.token;
      stale = known->second;
    }
  }
  std::optional<store::ApiToken> token;
  const absl::Status read = database_.Transact([&](pg::Tx& tx) {
    token = store::TokenOfHash(tx, hash);
    return absl::OkStatus();
  });
  if (!read.ok()) {
    if (stale && now - stale->read < kStaleFor) return stale->token;
    return DatabaseAway(read);
  }
  base::MutexLock lock(mutex_);
  // Guessed secrets fill it too; it is only a cache.
  if (tokens_.size() >= kTokensCachedMax) tokens_.clear();
  tokens_[hash] = {token, now};
  return token;
}

absl::StatusOr<bool> DatabaseAuthenticator::IsDenied(const std::string& spki) {
  const base::Steady now = clock_.MonotonicNow();
  {
    base::MutexLock lock(mutex_);
    if (denied_read_ && now - *denied_read_ < kFreshFor) return denied_.contains(spki);
  }
  std::set<std::string> denied;
  const absl::Status read = database_.Transact([&](pg::Tx& tx) {
    denied.clear();
    for (const store::DeniedKey& key : store::DeniedKeys(tx)) denied.insert(key.spki);
    return absl::OkStatus();
  });
  base::MutexLock lock(mutex_);
  if (read.ok()) {
    denied_ = std::move(denied);
    denied_read_ = now;
  } else if (!denied_read_ || now - *denied_read_ >= kStaleFor) {
    return DatabaseAway(read);
  }
  return denied_.contains(spki);
}

absl::StatusOr<std::shared_ptr<const DatabaseAuthenticator::People>> DatabaseAuthenticator::ReadPeople() {
  const base::Steady now = clock_.MonotonicNow();
  std::shared_ptr<const People> known;
  {
    base::MutexLock lock(mutex_);
    if (people_read_ && now - *people_read_ < kFreshFor) return people_;
    known = people_;
  }
  std::optional<store::Roster> row;
  std::vector<RoleGrant> grants;
  const absl::Status read = database_.Transact([&](pg::Tx& tx) {
    row = store::LatestRoster(tx);
    grants = store::OpenRoleGrants(tx, "", clock_.Now());
    return absl::OkStatus();
  });
  if (!read.ok()) {
    base::MutexLock lock(mutex_);
    if (!people_read_ || now - *people_read_ >= kStaleFor) return DatabaseAway(read);
    return people_;
  }
  auto people = std::make_shared<People>();
  if (row && known != nullptr && known->roster != nullptr && known->roster->number() == row->number) {
    people->roster = known->roster;
  } else if (row) {
    // It was verified when it came in.
    ASSIGN_OR_RETURN(trust::Roster roster, trust::Roster::Parse(row->body, "roster"));
    people->roster = std::make_shared<const trust::Roster>(std::move(roster));
  }
  for (RoleGrant& grant : grants) people->grants[grant.person].push_back(std::move(grant));
  base::MutexLock lock(mutex_);
  people_ = people;
  people_read_ = now;
  return people_;
}

absl::StatusOr<rpc::Caller> DatabaseAuthenticator::Named(rpc::Caller caller) {
  ASSIGN_OR_RETURN(const std::shared_ptr<const People> people, ReadPeople());
  if (people->roster == nullptr) return caller;
  const std::optional<std::string> person = people->roster->PersonOfSubject(caller.subject);
  if (!person) return caller;
  caller.person = *person;
  caller.subject = base::StrCat("user:", *person);
  AddGranted(*people, caller);
  return caller;
}

void DatabaseAuthenticator::AddGranted(const People& people, rpc::Caller& caller) const {
  const auto found = people.grants.find(caller.person);
  if (found == people.grants.end()) return;
  // What the directory gives comes and goes without us: what it excludes is looked at here, not only when granting.
  std::vector<HeldRole> held = ConfiguredRolesOf(roles_of_users_, *people.roster, caller.person);
  for (const rpc::Role role : caller.roles) held.push_back({std::string(rpc::RoleName(role)), ""});
  const base::Instant now = clock_.Now();
  for (const RoleGrant& grant : found->second) {
    const std::optional<rpc::Role> role = rpc::RoleOf(grant.role);
    if (!role || StateOf(grant, now) != GrantState::kLive) continue;
    if (const absl::Status fits = CheckExclusions(caller.person, {grant.role, grant.client}, held); !fits.ok()) {
      caller.advice = base::ToStd(fits.message());
    } else if (NeedsSecondFactor(*role) && caller.lacks_second_factor) {
      caller.advice = "sign in with a second factor: some of your roles need one";
    } else if (!grant.client.empty()) {
      caller.client_roles.push_back({*role, grant.client});
    } else if (std::find(caller.roles.begin(), caller.roles.end(), *role) == caller.roles.end()) {
      caller.roles.push_back(*role);
    }
  }
}

}  // namespace crossdock::orchestrator::api
