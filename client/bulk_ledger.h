// client/bulk_ledger.h
// The book of ScoreAll: which items are open, which are on which stream, when each may be sent again,
// and the one answer each gets. Time, random numbers and events are arguments; it sends nothing,
// waits for nothing and holds no text.
//
// Streams have numbers; each is one server's. They come and go. One that breaks takes no answer with
// it: its items are sent again on any, itself after a wait. Where the server itself ended the stream
// (with a status that is no IsRetryableCallEnd(): a message over its size limit, say), one item may be
// the cause, so those that were on it become suspects: each goes alone on a stream, before all that is
// no suspect. One that breaks a stream alone is tried alone once more, on another stream where one
// works: the server may have been the cause. The second time the stream's error is its answer; where
// there is one stream, the first time.
//
// A server refuses this run where it answers with a code that no item is the cause of and no retry
// changes: UNIMPLEMENTED, UNAUTHENTICATED, PERMISSION_DENIED; or, where all items name one model
// revision, FAILED_PRECONDITION. Its items go to others, and by and by it gets a single one, for it may
// be another server by now. When all refuse, everything is given up.
#ifndef ASSAY_CLIENT_BULK_LEDGER_H_
#define ASSAY_CLIENT_BULK_LEDGER_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "client/retry_policy.h"
#include "client/types.h"

namespace assay::client {

// Not thread-safe.
class BulkLedger {
 public:
  struct Answer {
    int64_t index;
    absl::StatusOr<ScoreReply> outcome;
  };

  // `item_timeout` > 0: from Add() to the answer, and also how long the whole may go without any
  // reply. `one_revision`: all items name the same model revision.
  BulkLedger(absl::Duration item_timeout, const RetryPolicy& retry, bool one_revision = false)
      : item_timeout_(item_timeout), retry_(retry), one_revision_(one_revision) {}

  // The number of a new stream: 0 the first, each one more than the last.
  size_t AddStream();

  // `stream` takes no more items. Those on it may still be answered there. It is forgotten once none
  // is on it, or with its end: what comes from it afterwards is no news.
  void RetireStream(size_t stream);

  // Opens item `index`, larger than any before it; it may be sent at once. Without a stream it waits.
  void Add(int64_t index, absl::Time now);

  // The item to send next, now on `stream`; nullopt when none may be sent on it at `now`.
  std::optional<int64_t> TakeNextToSend(absl::Time now, size_t stream);

  // The reply to `index` on `stream`. An outcome worth a retry sends the item again after a wait, while its
  // time lasts; any other is its answer, but for a refusal. No answers also for an item that is not on
  // that stream (answered before, or unknown). `random` in [0, 1).
  std::vector<Answer> OnReply(int64_t index, absl::StatusOr<ScoreReply> outcome, absl::Time now,
                              double random, size_t stream);

  // `stream` ended, with `status`, and so did what was on it. Returns the answers of items this
  // settles.
  std::vector<Answer> OnStreamEnd(const absl::Status& status, absl::Time now, double random,
                                  size_t stream);

  // No server is known, for the reason `why`, not OK: what an item that waits in vain is answered.
  void OnNoServer(const absl::Status& why) { last_break_ = why; }

  // Answers the items whose time is over: with the last error they met, else DEADLINE_EXCEEDED.
  // Where no reply came on any stream for `item_timeout` although items were open, gives everything up.
  std::vector<Answer> Expire(absl::Time now);

  // Answers every open item with `status`, which becomes the verdict.
  std::vector<Answer> GiveUp(const absl::Status& status);

  // OK until everything was given up; then why, for good. Items added afterwards are the caller's
  // to answer.
  const absl::Status& verdict() const { return verdict_; }

  int64_t open() const { return static_cast<int64_t>(items_.size()); }
  // Items on streams, all together; or on one.
  int64_t on_stream() const;
  int64_t on_stream(size_t stream) const;
  // The stream should not be opened before this.
  absl::Time stream_ready_at(size_t stream) const;
  // When Expire() has something to do unless a reply comes; InfiniteFuture() when nothing is open.
  absl::Time NextDeadline() const;
  // When TakeNextToSend() has an item; InfiniteFuture() when only an event can bring one.
  absl::Time NextSend(size_t stream) const;

 private:
  struct Item {
    absl::Time deadline;
    absl::Time ready_at;                // Meaningful while waiting.
    std::optional<size_t> stream = {};  // Nullopt: waiting.
    bool suspect = false;
    std::optional<size_t> broke = {};  // The stream that a suspect broke alone.
    int failures = 0;                  // Replies worth a retry.
    // The last of them, or the end of the stream that it broke.
    std::optional<absl::StatusOr<ScoreReply>> last_error;
  };

  struct Stream {
    int64_t items = 0;
    bool retired = false;        // False, then true for good.
    bool tries_suspect = false;  // Its one item is a suspect.
    absl::Status refusal;        // Not OK: its last word.
    int broken_in_a_row = 0;     // Times it ended or refused without a reply.
    absl::Time ready_at = absl::InfinitePast();
  };
  using Streams = std::map<size_t, Stream>;

  // The waiting suspect that `stream` should try; nullopt: none.
  std::optional<int64_t> SuspectFor(const Streams::value_type& stream) const;
  // Whether a stream other than `stream` works, as far as is known.
  bool AnotherWorks(size_t stream) const;
  // Everything is given up where no stream is left that does not refuse.
  std::vector<Answer> Refuse(Stream& stream, const absl::Status& why, absl::Time now,
                             double random);
  // Takes the item off its stream, if it is on one.
  void Leave(Item& item);
  void Wait(int64_t index, Item& item, absl::Time ready_at);
  void StopWaiting(int64_t index, const Item& item);
  Answer Close(std::map<int64_t, Item>::iterator it, absl::StatusOr<ScoreReply> outcome);
  absl::Status NoReplyError() const;

  const absl::Duration item_timeout_;
  const RetryPolicy retry_;
  const bool one_revision_;

  std::map<int64_t, Item> items_;  // Open ones; in order of their deadlines too.
  // The items that are on no stream: (ready_at, index), and the suspects, which are always ready.
  std::set<std::pair<absl::Time, int64_t>> waiting_;
  std::set<int64_t> waiting_suspects_;
  Streams streams_;
  size_t next_stream_ = 0;

  // Of the last reply, or stream's end that settled an item; or when one was opened after none was.
  absl::Time last_progress_ = absl::InfinitePast();
  absl::Status last_break_;  // Of any stream, since the last reply; OK: none.
  absl::Status verdict_;
};

}  // namespace assay::client

#endif  // ASSAY_CLIENT_BULK_LEDGER_H_
