// The two bundles of a relay: who may give them, that numbers only rise, and what a restart finds.
#include "relay/bundles.h"

#include "catch2/catch.hpp"
#include "lib/base/random.h"
#include "lib/base/status.h"
#include "lib/trust/signed_statement.h"
#include "tests/support/temp_tree.h"

namespace crossdock::relay {
namespace {

using std::chrono::hours;

const base::Instant kNow = base::Instant(hours(500'000));

base::PrivateKey NewKey() {
  base::SystemRandom random;
  return base::PrivateKey::Generate(random);
}

struct Site {
  std::string Keys(uint64_t number, const base::PrivateKey& ticket_key, const base::PrivateKey& next) const {
    trust::RelayKeys keys;
    keys.number = number;
    keys.issued = kNow - hours(1);
    keys.expires = kNow + hours(24);
    keys.ticket_key = ticket_key.Public();
    keys.ticket_key_next = next.Public();
    return trust::SignedStatement::Sign(*trust::Encode(keys), admin).Format();
  }
  std::string Deny(uint64_t number, const base::PrivateKey& signer, const std::string& spki) const {
    trust::RelayDeny deny;
    deny.number = number;
    deny.issued = kNow - hours(1);
    deny.deny = {spki};
    return trust::SignedStatement::Sign(*trust::Encode(deny), signer).Format();
  }
  std::unique_ptr<Bundles> Open() const {
    auto bundles = Bundles::Open(tree.root(), admin.Public());
    INFO(bundles.status());
    REQUIRE(bundles.ok());
    return *std::move(bundles);
  }
  std::string Why(Bundles& bundles, const std::string& keys, const std::string& deny) const {
    return base::ReasonOf(bundles.Take(keys, deny, kNow));
  }

  test::TempTree tree;
  base::PrivateKey admin = NewKey();
  base::PrivateKey first = NewKey();
  base::PrivateKey second = NewKey();
  base::PrivateKey third = NewKey();
  std::string agent = std::string(64, 'a');
  std::string relay = std::string(64, 'b');
};

TEST_CASE("ticket keys come from the pinned site admin, denials from a ticket key", "[bundles]") {
  Site site;
  const auto bundles = site.Open();
  CHECK_FALSE(bundles->HasKeys(kNow));
  CHECK(site.Why(*bundles, "", site.Deny(1, site.first, site.agent)) == "KEYS_MISSING");
  REQUIRE(bundles->Take(site.Keys(1, site.first, site.second), "", kNow).ok());
  CHECK(bundles->HasKeys(kNow));
  CHECK(bundles->TicketKey(base::KeyId(site.first.Public()), kNow).has_value());
  CHECK(bundles->TicketKey(base::KeyId(site.second.Public()), kNow).has_value());
  CHECK_FALSE(bundles->TicketKey(base::KeyId(site.third.Public()), kNow).has_value());
  CHECK(site.Why(*bundles, "", site.Deny(1, site.third, site.agent)) == "SIGNATURE_INVALID");
  CHECK_FALSE(bundles->IsDenied(site.agent));
  CHECK(bundles->Take("", site.Deny(1, site.second, site.agent), kNow).ok());
  CHECK(bundles->IsDenied(site.agent));
}

TEST_CASE("numbers only rise, also over a restart", "[bundles]") {
  Site site;
  {
    const auto bundles = site.Open();
    REQUIRE(bundles->Take(site.Keys(5, site.first, site.second), site.Deny(7, site.first, site.agent), kNow).ok());
    CHECK(site.Why(*bundles, site.Keys(4, site.third, site.second), "") == "NUMBER_TOO_OLD");
  }
  const auto bundles = site.Open();
  CHECK(bundles->keys_number() == 5);
  CHECK(bundles->deny_number() == 7);
  CHECK(bundles->IsDenied(site.agent));
  CHECK(site.Why(*bundles, site.Keys(4, site.third, site.second), "") == "NUMBER_TOO_OLD");
  CHECK(site.Why(*bundles, "", site.Deny(6, site.first, site.relay)) == "NUMBER_TOO_OLD");
  CHECK(bundles->IsDenied(site.agent));
}

TEST_CASE("old keys beside a new denial list do not keep it away", "[bundles]") {
  Site site;
  const auto bundles = site.Open();
  REQUIRE(bundles->Take(site.Keys(2, site.first, site.second), "", kNow).ok());
  CHECK(site.Why(*bundles, site.Keys(1, site.first, site.second), site.Deny(1, site.first, site.agent)) ==
        "NUMBER_TOO_OLD");
  CHECK(bundles->IsDenied(site.agent));
}

TEST_CASE("a relay starts again when the key that signed its denial list has been followed by others", "[bundles]") {
  Site site;
  {
    const auto bundles = site.Open();
    REQUIRE(bundles->Take(site.Keys(1, site.first, site.second), site.Deny(3, site.first, site.agent), kNow).ok());
    REQUIRE(bundles->Take(site.Keys(2, site.second, site.third), "", kNow).ok());
  }
  const auto bundles = site.Open();
  CHECK(bundles->deny_number() == 3);
  CHECK(bundles->IsDenied(site.agent));
}

TEST_CASE("expired keys open nothing, but their number is remembered", "[bundles]") {
  Site site;
  REQUIRE(site.Open()->Take(site.Keys(9, site.first, site.second), "", kNow).ok());
  const auto bundles = site.Open();
  const base::Instant later = kNow + hours(24);
  CHECK_FALSE(bundles->HasKeys(later));
  CHECK_FALSE(bundles->TicketKey(base::KeyId(site.first.Public()), later).has_value());
  CHECK(bundles->keys_number() == 9);
}

TEST_CASE("a state directory with another admin's bundle stops the start", "[bundles]") {
  Site site;
  REQUIRE(site.Open()->Take(site.Keys(1, site.first, site.second), "", kNow).ok());
  CHECK(base::ReasonOf(Bundles::Open(site.tree.root(), NewKey().Public()).status()) == "SIGNATURE_INVALID");
  site.tree.Write("keys", "torn");
  CHECK_FALSE(Bundles::Open(site.tree.root(), site.admin.Public()).ok());
}

}  // namespace
}  // namespace crossdock::relay
