// T-09: who may call what. Every method of every contract is called on a real server by every role, by agents and by
// nobody, with and without a binding to one client; what came of it is docs/authorization.md.
//
// After a change:  CROSSDOCK_WRITE_AUTHORIZATION=1 db_orchestrator_api_test "T-09*"
#include <grpcpp/generic/generic_stub.h>

#include <cstdlib>
#include <map>

#include "catch2/catch.hpp"
#include "lib/base/file.h"
#include "orchestrator/store/break_glass.h"
#include "orchestrator/store/evidence.h"
#include "orchestrator/store/rules.h"
#include "tests/support/api_server.h"
#include "tests/support/contracts.h"

namespace crossdock::orchestrator::api {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::MethodDescriptor;
using testing::ApiServer;

constexpr char kPage[] = CROSSDOCK_SOURCE_DIR "/docs/authorization.md";
// Whom bound callers are bound to, and whose things they must not see.
constexpr char kOwn[] = "acme";
constexpr char kOther[] = "borealis";

constexpr char kRoster[] = R"(schema: crossdock/roster/v1
number: 1
expires: "2035-01-01T00:00:00Z"
trust_domain: test.studio
threshold: 1
officers: [{name: ada, key: "ed25519:d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a"}]
site_admins: []
sites: [{id: lon, country: GB}, {id: van, country: CA}]
approvers: []
paths: [{volume: proj, prefix: "acme/", client: acme, project: nl, classification: internal},
        {volume: proj, prefix: "borealis/", client: borealis, project: nl, classification: internal}]
denied: []
)";

struct Reply {
  absl::Status status;
  std::string bytes;  // the first message of the answer
};

// Any method, as bytes: one message there, the first message back. A stream is cut after it.
Reply Call(grpc::GenericStub& stub, const std::string& method, const std::string& request) {
  const auto context = rpc::CallWithin(std::chrono::seconds(20), true);
  grpc::CompletionQueue queue;
  const auto done = [&queue] {
    void* tag = nullptr;
    bool ok = false;
    queue.Next(&tag, &ok);
    return ok;
  };
  const auto stream = stub.PrepareCall(context.get(), method, &queue);
  stream->StartCall(nullptr);
  bool open = done();
  const grpc::Slice slice(request);
  if (open) {
    stream->WriteLast(grpc::ByteBuffer(&slice, 1), grpc::WriteOptions(), nullptr);
    open = done();
  }
  Reply reply;
  grpc::ByteBuffer answer;
  if (open) stream->Read(&answer, nullptr);
  const bool answered = open && done();
  if (answered) {
    std::vector<grpc::Slice> slices;
    if (answer.Dump(&slices).ok()) {
      for (const grpc::Slice& each : slices)
        reply.bytes.append(reinterpret_cast<const char*>(each.begin()), each.size());
    }
    context->TryCancel();  // a stream has more to say
  }
  grpc::Status status;
  stream->Finish(&status, nullptr);
  done();
  queue.Shutdown();
  if (!answered) reply.status = rpc::FromGrpc(status);
  return reply;
}

// Names `client`, its transfer and its project wherever the request has a place for them.
void Name(Message& message, const std::string& client) {
  static int requests = 0;
  const auto* reflection = message.GetReflection();
  for (int i = 0; i < message.GetDescriptor()->field_count(); ++i) {
    const FieldDescriptor* field = message.GetDescriptor()->field(i);
    if (field->is_repeated()) continue;
    if (field->type() == FieldDescriptor::TYPE_MESSAGE && field->message_type()->file()->package() != "google.protobuf")
      Name(*reflection->MutableMessage(&message, field), client);
    if (field->type() != FieldDescriptor::TYPE_STRING) continue;
    if (field->name() == "client") reflection->SetString(&message, field, client);
    if (field->name() == "transfer") reflection->SetString(&message, field, "t-" + client);
    if (field->name() == "project") reflection->SetString(&message, field, "nl");
    if (field->name() == "request_id") reflection->SetString(&message, field, "r-" + std::to_string(++requests));
  }
}

std::string RequestFor(const MethodDescriptor& method, const std::string& client) {
  const auto* prototype = google::protobuf::MessageFactory::generated_factory()->GetPrototype(method.input_type());
  REQUIRE(prototype != nullptr);
  const std::unique_ptr<Message> request(prototype->New());
  // Of a watch only what it begins with is looked at: all that the caller may see.
  if (!method.server_streaming()) Name(*request, client);
  return request->SerializeAsString();
}

enum class Word { kLetIn, kRefused, kNotForBound };

// What the gate said; whatever a handler says, even that there is no such thing, is said to somebody who was let in.
Word WordOf(const absl::Status& status) {
  const std::string reason = base::ReasonOf(status);
  if (reason == "METHOD_UNKNOWN" || reason == "UNAUTHENTICATED" || reason == "PERMISSION_MISSING")
    return Word::kRefused;
  if (reason == "CLIENT_MISMATCH") return Word::kNotForBound;
  INFO(status.ToString());
  CHECK_FALSE(absl::IsUnimplemented(status));
  CHECK_FALSE(absl::IsUnauthenticated(status));
  CHECK_FALSE(absl::IsPermissionDenied(status));
  return Word::kLetIn;
}

// A studio with two clients, of each of whom there is something to see in every list.
class TwoClients {
 public:
  TwoClients() {
    for (const std::string client : {kOwn, kOther}) {
      server.Insert("t-" + client, client);
      server.Write([&](pg::Tx& tx) {
        store::Policy policy;
        policy.client = client;
        policy.digest = "d1";
        policy.title = "of " + client;
        policy.text = "text of " + client;
        policy.author = "user:ada";
        policy.proposed = server.clock.Now();
        store::InsertPolicy(tx, policy);
        store::Audit(tx, {0, server.clock.Now(), client, "user:ada", "test.made", "", "ok", "{}"});
        store::BreakGlass glass;
        glass.digest = "d-" + client;
        glass.transfer = "t-" + client;
        glass.client = client;
        glass.first = "ada";
        glass.second = "ben";
        store::InsertBreakGlass(tx, glass);
      });
    }
    server.Write([&](pg::Tx& tx) { store::InsertRoster(tx, {1, std::string(kRoster), "signed"}, server.clock.Now()); });
    for (const rpc::Role role : rpc::kAllRoles) {
      const std::string name(rpc::RoleName(role));
      free_.push_back(Stub(server.WithToken(server.TokenFor(name, {name}))));
      bound_.push_back(Stub(server.WithToken(server.TokenFor(name + "-bound", {name}, kOwn))));
    }
    nobody_ = Stub(server.WithToken(""));
    rpc::ChannelOptions port = server.WithCertificate("agent");
    agent_on_api_ = Stub(port);
    port.server = server.agents_address();
    agent_ = Stub(port);
  }

  Reply Ask(grpc::GenericStub& stub, const MethodDescriptor& method, const std::string& client) {
    server.commands.policy.client = client;
    return Call(stub, testing::PathOf(method), RequestFor(method, client));
  }

  ApiServer server;
  std::vector<std::unique_ptr<grpc::GenericStub>> free_, bound_;  // in the order of rpc::kAllRoles
  std::unique_ptr<grpc::GenericStub> nobody_, agent_, agent_on_api_;

 private:
  static std::unique_ptr<grpc::GenericStub> Stub(const rpc::ChannelOptions& options) {
    const auto channel = rpc::MakeChannel(options);
    REQUIRE(channel.ok());
    return std::make_unique<grpc::GenericStub>(*channel);
  }
};

std::string_view BoundName(rpc::Bound bound) {
  switch (bound) {
    case rpc::Bound::kRefused:
      return "refused";
    case rpc::Bound::kOwn:
      return "its own";
    case rpc::Bound::kShared:
      return "yes";
  }
  return "";
}

// A caller who is bound to kOwn and asks for what is kOther's neither sees nor does anything of it.
void CheckKeptApart(TwoClients& studio, grpc::GenericStub& stub, const MethodDescriptor& method) {
  const size_t before = studio.server.commands.calls().size();
  const Reply reply = studio.Ask(stub, method, kOther);
  INFO("answered with " << reply.status.ToString() << " " << reply.bytes);
  // An error may repeat the name that was asked for, and says no more of it.
  CHECK(reply.bytes.find(kOther) == std::string::npos);
  const std::vector<std::string> calls = studio.server.commands.calls();
  for (size_t i = before; i < calls.size(); ++i) {
    INFO("did " << calls[i]);
    CHECK(calls[i].find(kOther) == std::string::npos);
  }
}

// One row of the page: a column a role, then agents, nobody, and whoever is bound to one client.
std::string Row(TwoClients& studio, const MethodDescriptor& method, const rpc::MethodRule& rule) {
  std::string row = "| `" + method.name() + "` |";
  for (size_t i = 0; i < std::size(rpc::kAllRoles); ++i) {
    INFO(rpc::RoleName(rpc::kAllRoles[i]));
    const Word word = WordOf(studio.Ask(*studio.free_[i], method, kOwn).status);
    CHECK(word != Word::kNotForBound);
    row += word == Word::kLetIn ? " yes |" : " |";
    const Word bound = WordOf(studio.Ask(*studio.bound_[i], method, kOwn).status);
    if (word == Word::kRefused) {
      CHECK(bound == Word::kRefused);
      continue;
    }
    CHECK(bound == (rule.bound == rpc::Bound::kRefused ? Word::kNotForBound : Word::kLetIn));
    CheckKeptApart(studio, *studio.bound_[i], method);
  }
  const bool agents = WordOf(studio.Ask(*studio.agent_, method, kOwn).status) == Word::kLetIn ||
                      WordOf(studio.Ask(*studio.agent_on_api_, method, kOwn).status) == Word::kLetIn;
  const bool nobody = WordOf(studio.Ask(*studio.nobody_, method, kOwn).status) == Word::kLetIn;
  row += agents ? " yes |" : " |";
  row += nobody ? " yes |" : " |";
  return row + " " + (rule.permission == rpc::Permission::kAgent ? "" : std::string(BoundName(rule.bound)) + " ") +
         "|\n";
}

std::string Header() {
  std::string names = "| method |", line = "|---|";
  for (const rpc::Role role : rpc::kAllRoles) {
    names += " " + std::string(rpc::RoleName(role)) + " |";
    line += "---|";
  }
  return names + " agent | nobody | bound to one client |\n" + line + "---|---|---|\n";
}

constexpr char kIntroduction[] = R"(# Who may call what
What the orchestrator answers each role, method by method. Nobody writes this page by hand: `db/orchestrator/api/authorization_matrix_test.cc`
calls every method of every contract on a real server and compares; `CROSSDOCK_WRITE_AUTHORIZATION=1` writes it anew. What stands behind it is
one table, `orchestrator/api/permissions.cc`, which one gate asks before any handler runs. A method without a row is refused, and a server with one
does not start.

`yes`: let in; then the request itself may still be refused. A person or token with several roles may what any of them may. *Agent*: an agent's own
certificate, on the agents' port. *Nobody*: without credentials. *Bound to one client*: a token or grant for one client alone, of a role
that may call it: `its own`: sees and does that client's alone; `refused`: it concerns the whole studio; `yes`: what it answers is no client's.
)";

std::string Measured(TwoClients& studio) {
  std::map<std::string, rpc::MethodRule> rules;
  for (const rpc::MethodRule& rule : MethodRules()) rules.emplace(rule.method, rule);
  std::string page = kIntroduction, service;
  for (const MethodDescriptor* method : testing::MethodsOfContracts(CROSSDOCK_SOURCE_DIR)) {
    const std::string path = testing::PathOf(*method);
    INFO(path);
    REQUIRE(rules.contains(path));
    if (service != method->service()->full_name()) {
      service = method->service()->full_name();
      page += "\n## " + service + "\n" + Header();
    }
    page += Row(studio, *method, rules.at(path));
  }
  return page;
}

TEST_CASE("T-09: each method answers each role, bound to a client or not, as docs/authorization.md says") {
  TwoClients studio;
  const std::string page = Measured(studio);
  if (std::getenv("CROSSDOCK_WRITE_AUTHORIZATION") != nullptr) REQUIRE(base::WriteFileAtomic(kPage, page).ok());
  const auto shown = base::ReadFile(kPage);
  INFO("docs/authorization.md is not what the server does; CROSSDOCK_WRITE_AUTHORIZATION=1 writes it anew");
  REQUIRE(shown.ok());
  CHECK(*shown == page);
}

TEST_CASE("T-09: what is no method of any contract is refused to whoever holds every role") {
  ApiServer server;
  const auto channel = rpc::MakeChannel(server.WithCertificate("user"));
  REQUIRE(channel.ok());
  grpc::GenericStub stub(*channel);
  for (const std::string method : {"/crossdock.studio.v1.TransferService/Undocumented", "/grpc.health.v1.Health/Check",
                                   "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo"}) {
    INFO(method);
    CHECK(base::ReasonOf(Call(stub, method, "").status) == "METHOD_UNKNOWN");
  }
}

}  // namespace
}  // namespace crossdock::orchestrator::api
