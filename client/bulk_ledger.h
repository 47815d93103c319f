// client/bulk_ledger.h
// The book of ScoreAll: which items are open, which are on which stream, when each may be sent again,
// and the one answer each gets. Time, random numbers and events are arguments; it sends nothing,
// waits for nothing and holds no text.
//
// Streams have numbers, 0 the first; each is one server's. One that breaks takes no answer with it:
// its items are sent again on any, itself after a wait. Where the
// server itself ended the stream (with a status that is no IsRetryableCallEnd(): a message over its
// size limit, say), one item may be the cause, so those that were on it become suspects: each goes alone on a
// stream, before all that is no suspect, and one that breaks a stream alone is answered with that
// stream's error.
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
  // reply.
  // `streams` > 0.
  BulkLedger(absl::Duration item_timeout, const RetryPolicy& retry, size_t streams = 1)
      : item_timeout_(item_timeout), retry_(retry), streams_(streams) {}

  // Opens item `index`, larger than any before it; it may be sent at once.
  void Add(int64_t index, absl::Time now);

  // The item to send next, now on `stream`; nullopt when none may be sent on it at `now`.
  std::optional<int64_t> TakeNextToSend(absl::Time now, size_t stream = 0);

  // The reply to `index` on `stream`. An outcome worth a retry sends the item again after a wait, while its
  // time lasts; any other is its answer. nullopt also for an item that is not on that stream
  // (answered before, or unknown). `random` in [0, 1).
  std::optional<Answer> OnReply(int64_t index, absl::StatusOr<ScoreReply> outcome, absl::Time now,
                                double random, size_t stream = 0);

  // `stream` ended, with `status`, and so did what was on it. Returns the answers of items this
  // settles. A code that no item can be the cause of and no retry changes (UNIMPLEMENTED,
  // UNAUTHENTICATED, PERMISSION_DENIED) gives everything up.
  std::vector<Answer> OnStreamEnd(const absl::Status& status, absl::Time now, double random,
                                  size_t stream = 0);

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
  int64_t on_stream(size_t stream) const { return streams_[stream].items; }
  // The stream should not be opened before this.
  absl::Time stream_ready_at(size_t stream = 0) const { return streams_[stream].ready_at; }
  // When Expire() has something to do unless a reply comes; InfiniteFuture() when nothing is open.
  absl::Time NextDeadline() const;
  // When TakeNextToSend() has an item; InfiniteFuture() when only an event can bring one.
  absl::Time NextSend(size_t stream = 0) const;

 private:
  struct Item {
    absl::Time deadline;
    absl::Time ready_at;                // Meaningful while waiting.
    std::optional<size_t> stream = {};  // Nullopt: waiting.
    bool suspect = false;
    int failures = 0;                                      // Replies worth a retry.
    std::optional<absl::StatusOr<ScoreReply>> last_reply;  // The last of them.
  };

  struct Stream {
    int64_t items = 0;
    bool tries_suspect = false;  // Its one item is a suspect.
    int broken_in_a_row = 0;     // Times it ended without a reply.
    absl::Time ready_at = absl::InfinitePast();
  };

  // Takes the item off its stream, if it is on one.
  void Leave(Item& item);
  void Wait(int64_t index, Item& item, absl::Time ready_at);
  Answer Close(std::map<int64_t, Item>::iterator it, absl::StatusOr<ScoreReply> outcome);
  absl::Status NoReplyError() const;

  const absl::Duration item_timeout_;
  const RetryPolicy retry_;

  std::map<int64_t, Item> items_;  // Open ones; in order of their deadlines too.
  // (ready_at, index) of the items that are on no stream.
  std::set<std::pair<absl::Time, int64_t>> waiting_;
  int64_t waiting_suspects_ = 0;  // Of waiting_.
  std::vector<Stream> streams_;

  // Of the last reply, or stream's end that settled an item; or when one was opened after none was.
  absl::Time last_progress_ = absl::InfinitePast();
  absl::Status last_break_;  // Of any stream, since the last reply; OK: none.
  absl::Status verdict_;
};

}  // namespace assay::client

#endif  // ASSAY_CLIENT_BULK_LEDGER_H_
