// What the orchestrator wants of this agent: the wire's tasks as structs, without gRPC.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <variant>
#include <vector>

#include "agent/core/publish_journal.h"
#include "lib/base/clock.h"
#include "lib/wire/frames.h"

namespace crossdock::agent {

using wire::Epoch;

// Somewhere on this site's storage: a volume of the configuration, and bytes below its root.
struct PathRef {
  std::string volume;
  std::string path;
  std::vector<std::string> files;  // below path; empty: all
  std::string marker = "";         // of a source: PackagePath::marker
  bool operator==(const PathRef&) const = default;
};

// Lists the package and reports what is wrong with it.
struct ScanTask {
  PathRef source;
  uint64_t scan = 0;  // a newer one makes older results void
  bool allow_empty_files = false;
  std::chrono::seconds quiet{0};  // for so long nothing of the package may have changed
  bool operator==(const ScanTask&) const = default;
};
// SHA-256 of every file of a listing.
struct HashTask {
  PathRef source;
  uint64_t scan = 0;
  std::string listing;  // SHA-256, lower hex
  bool operator==(const HashTask&) const = default;
};

// A fact as the asset database asserted it.
struct AssertedFact {
  std::vector<std::string> values;
  bool list = false;
  bool operator==(const AssertedFact&) const = default;
};

// A policy's text (YAML) with the officer's statement that puts it in force, and the calendar files that it binds.
struct SignedPolicy {
  std::string text;
  std::string activation;
  std::vector<std::string> calendars = {};  // bytes
  bool operator==(const SignedPolicy&) const = default;
};

// Everything that this agent needs to decide by itself that a move is allowed. Nothing of it is believed yet.
struct Warrant {
  std::vector<SignedPolicy> policies;  // every layer in force
  std::vector<std::string> approvals;
  std::vector<std::string> delegations;
  std::string break_glass;  // signed by two persons; empty: none
  std::map<std::string, AssertedFact> asserted_facts;
  std::string client;
  std::string project;
  uint64_t roster_number = 0;
  std::string source_site;
  std::string destination_site;
  bool operator==(const Warrant&) const = default;
};

// How to reach the peer: signed relay statements and tickets. All empty: without a relay.
struct Route {
  std::string rendezvous;  // 16 bytes
  std::string relay_statement;
  std::string ticket;
  std::string next_relay_statement;  // sender only: the destination's relay,
  std::string next_ticket;           // and what the own relay presents there
  base::Instant expires;
  bool operator==(const Route&) const = default;
};

// The credential of the agent at the other end: two signed statements.
struct PeerCredential {
  std::string identity;
  std::string grant;
  bool operator==(const PeerCredential&) const = default;
};

struct MoveTask {
  bool send = false;
  Epoch epoch;
  PathRef source;
  PathRef destination;
  Route route;
  PeerCredential peer;
  Warrant warrant;
  std::string listing;  // SHA-256, lower hex
  std::string content;  // SHA-256, lower hex; empty: not bound
  uint64_t files = 0;
  uint64_t bytes = 0;
  uint64_t bytes_per_second_max = 0;  // 0: no cap
  uint32_t streams = 8;
  std::string verify;  // transit, landed, readback
  Merge merge = Merge::kNever;
  bool replace = false;
  bool operator==(const MoveTask&) const = default;
};

// Removes what this agent's attempts up to `epoch` left in the transfer's staging.
struct CleanTask {
  std::string volume;
  Epoch epoch;
  bool operator==(const CleanTask&) const = default;
};
// The attempt was committed, and this agent lost track of it: publish what the journal says.
struct FinishTask {
  PathRef destination;
  Epoch epoch;
  bool operator==(const FinishTask&) const = default;
};

struct Task {
  // Names the work: the same id is the same work, however often it is sent.
  std::string id;
  std::string transfer;
  std::variant<ScanTask, HashTask, MoveTask, CleanTask, FinishTask> work;
  bool operator==(const Task&) const = default;
};

// The epoch that fences the work; zero for what has none (scan, hash).
Epoch EpochOf(const Task& task);
// "scan", "hash", "send", "receive", "clean", "finish": for logs.
std::string_view KindOf(const Task& task);

enum class TaskPhase { kStarting, kScanning, kHashing, kConnecting, kMoving, kVerifying, kCommitting, kPublishing };

}  // namespace crossdock::agent
