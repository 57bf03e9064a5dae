// What the orchestrator wants of an agent. The set of these is computed from the database's rows, never stored.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <string>
#include <variant>
#include <vector>

#include "orchestrator/core/transfer.h"

namespace crossdock::orchestrator {

// Lists the package and reports what is wrong with it.
struct ScanTask {
  PathRef source;
  int64_t scan = 0;
  std::chrono::seconds quiet{0};  // Readiness::quiet
};
// SHA-256 of every file, while people are deciding.
struct HashTask {
  PathRef source;
  int64_t scan = 0;
  std::string listing;
};

// A fact as the asset database or the requester asserted it; a list may hold one value, or none.
struct AssertedFact {
  std::vector<std::string> values;
  bool list = false;
};

// A policy's text (YAML) with the officer's statement that puts it in force, and the calendar files that it binds.
struct SignedPolicy {
  std::string text;
  std::string activation;
  std::vector<std::string> calendars = {};  // bytes
};

// Everything an agent needs to decide by itself that a move is allowed.
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
};

// How to reach the peer: signed relay statements and tickets. Without any relay all are empty.
struct Route {
  std::string rendezvous;  // 16 bytes
  std::string relay_statement;
  std::string ticket;
  std::string next_relay_statement;  // sender only: the destination's relay,
  std::string next_ticket;           // and what the own relay presents there
  base::Instant expires;
};

struct MoveTask {
  bool send = false;
  Epoch epoch;
  PathRef source;
  PathRef destination;
  Route route;
  std::string peer_identity;
  std::string peer_grant;
  Warrant warrant;
  std::string listing;
  std::string content;  // empty: not bound
  int64_t files = 0;
  int64_t bytes = 0;
  int64_t bytes_per_second_max = 0;  // 0: no cap
  int streams = 8;
  std::string verify;
  std::string merge = "never";
  bool replace = false;
};

// The attempt was committed: the agent that holds its journal finishes publishing.
struct FinishTask {
  Epoch epoch;
  PathRef destination;
};

// Removes what the agent's own attempts up to `epoch` left in the transfer's staging (cleaning.h).
struct CleanTask {
  std::string volume;
  Epoch epoch;
};

struct Task {
  // Names the work: the same id is the same work, however often it is sent.
  std::string id;
  std::string transfer;
  std::variant<ScanTask, HashTask, MoveTask, FinishTask, CleanTask> work;
};

}  // namespace crossdock::orchestrator
