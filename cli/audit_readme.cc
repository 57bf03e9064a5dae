#include <string>

#include "cli/audit_pack.h"
#include "lib/base/strings.h"

namespace crossdock::cli {
namespace {

constexpr char kWhat[] = R"(An audit log, and how to verify it
==================================
Nothing of this needs a program of Crossdock: sh, coreutils, sed, grep and openssl (3.0) are enough. Copy the commands
into a shell in this directory. Each step says OK or stops.

Before you begin, compare log.key with the key that the studio gave you in person. It is all that you have to believe.

1. The log signed this checkpoint: its name, how many leaves it has, the root of its tree (RFC 6962).
)";

constexpr char kSignature[] = R"sh(
    set -eu; export LC_ALL=C; rm -rf work; mkdir work
    key() { { printf '\060\052\060\005\006\003\053\145\160\003\041\000'; cat; } | openssl pkey -pubin -inform DER; }
    sed '/^$/,$d' checkpoint.txt > work/text
    cut -d+ -f3- log.key | base64 -d | tail -c 32 | key > work/log.pem
    name=$(cut -d+ -f1 log.key)
    [ "$(sed -n 1p work/text)" = "$name" ]
    grep -F " $name " checkpoint.txt | head -n 1 | cut -d' ' -f3 | base64 -d | tail -c 64 > work/sig
    openssl pkeyutl -verify -rawin -pubin -inkey work/log.pem -in work/text -sigfile work/sig
    echo "OK: the checkpoint is signed by $name"
)sh";

constexpr char kTree[] = R"sh(
    first=FIRST; end=END; size=SIZE
    [ "$(sed -n 2p work/text)" = "$size" ]
    [ "$(wc -l < leaves.jsonl)" -eq $((end - first)) ]
    hash() { find work -name "$1*" | sort | xargs sha256sum | cut -c-64; }
    sed 's/^/\x00/' leaves.jsonl | split -l 1 -a 8 -d - work/leaf; hash leaf > work/row
    level=0; count=$size; a=$first; b=$((end - 1))
    beside() { sed -n "s/^$level $1 //p" proof.txt; }
    while [ "$count" -gt 1 ]; do
      { if [ $((a % 2)) -eq 1 ]; then beside left; fi; cat work/row
        if [ $((b % 2)) -eq 0 ] && [ $((b + 1)) -lt "$count" ]; then beside right; fi; } | paste -d '\0' - - > work/full
      find work -name 'node*' -delete
      grep -E '^.{128}$' work/full | sed 's/^/01/' | tr a-f A-F | basenc --base16 -d | split -b 65 -a 8 -d - work/node
      if [ -e work/node00000000 ]; then hash node > work/row; else : > work/row; fi
      grep -E '^.{64}$' work/full >> work/row || true
      level=$((level + 1)); count=$(((count + 1) / 2)); a=$((a / 2)); b=$((b / 2))
    done
    [ "$(cat work/row)" = "$(sed -n 3p work/text | base64 -d | od -An -v -tx1 | tr -d ' \n')" ]
    echo "OK: leaves $first to $((end - 1)) stand in the log, each where it is numbered, none is missing"
)sh";

constexpr char kWitnesses[] = R"sh(
    for line in $(sed '1,/^$/d' checkpoint.txt | cut -d' ' -f2,3 --output-delimiter=,); do
      witness=${line%,*}; [ "$witness" != "$name" ] || continue
      echo "${line##*,}" | base64 -d > work/line
      { printf 'cosignature/v1\ntime %s\n' "$(od -An -tu8 --endian=big -j4 -N8 work/line | tr -d ' ')"
        cat work/text; } > work/cosigned
      tail -c 64 work/line > work/sig
      sed -n 's/^identity_key: //p' "witnesses/${witness##*/}.identity" | tr a-f A-F | basenc --base16 -d | key > work/witness.pem
      openssl pkeyutl -verify -rawin -pubin -inkey work/witness.pem -in work/cosigned -sigfile work/sig
      echo "OK: co-signed by $witness"
    done
    rm -rf work
)sh";

}  // namespace

std::string PackReadme(const AuditAbout& about) {
  std::string tree = kTree;
  const auto put = [&tree](const std::string& word, uint64_t number) {
    tree.replace(tree.find(word), word.size(), std::to_string(number));
  };
  put("FIRST", about.first);
  put("END", about.end);
  put("SIZE", about.size);
  return base::StrCat(
      kWhat, kSignature,
      "\n2. These leaves are in the tree with that root, at their numbers. A leaf is a line of leaves.jsonl with its "
      "end.\n"
      "   (A million leaves are two million small files below work/ for some minutes.)\n",
      tree,
      "\n3. Machines at the studio's sites have seen the same log grow, and co-signed. Whose they are say the "
      "officers:\n"
      "   witnesses/*.identity is signed under witnesses/*.grant, and that by a site admin of the roster\n"
      "   (`crossdock audit verify --roster` follows it).\n",
      kWitnesses, "\nWhat the fields of a leaf mean: docs/audit.md of Crossdock.\n");
}

}  // namespace crossdock::cli
