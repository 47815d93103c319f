// client/bulk_streams.h
// The streams of one ScoreAll, one to each server: which there are, which gets the next item, what is
// sent on them. What they say goes to BulkNews; what becomes of the items is the loop's and the
// ledger's.
//
// An item goes to the stream that has the fewest, so that a slow server gets less by itself; to one
// whose server fails, or says that it serves no more, only where all do. Servers come and go with the
// replica set: a new one gets a stream at once; one that left gets no more, and its stream is ended
// when what it had is answered.
#ifndef ASSAY_CLIENT_BULK_STREAMS_H_
#define ASSAY_CLIENT_BULK_STREAMS_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "assay/v1/reward.grpc.pb.h"
#include "base/clock.h"
#include "client/bulk_ledger.h"
#include "client/bulk_news.h"
#include "client/replica_set.h"
#include "client/score_stream.h"

namespace assay::client {

// For one thread. Streams have the ledger's numbers.
class BulkStreams {
 public:
  // Borrows all. At most `max_in_flight` (> 0) items are on one stream.
  BulkStreams(ReplicaSet* replicas, Clock* clock, int64_t max_in_flight, BulkLedger* ledger,
              BulkNews* news)
      : replicas_(replicas),
        clock_(clock),
        max_in_flight_(max_in_flight),
        ledger_(ledger),
        news_(news) {}

  // Follows the replica set, and tells the ledger.
  void TakeReplicas();
  // Servers that may get items.
  int64_t serving() const;

  // The stream for the next item; nullopt: none takes one at `now`.
  std::optional<size_t> ForNextItem(absl::Time now);
  // Where ForNextItem() said so.
  void Send(size_t stream, v1::ScoreStreamRequest request);
  // When ForNextItem() may have one; InfiniteFuture(): not before something is told.
  absl::Time NextSend() const;

  void TakeWritable(size_t stream);
  // After all else that the stream told, and before the ledger is told of the end. False where it is
  // the end that the stream of a server which left was meant to have.
  bool TakeEnd(size_t stream, const absl::Status& status);
  // Ends the streams whose servers left, and that have answered all they had.
  void EndRetired();
  // Tells the replicas how many items each has.
  void TellOutstanding();

  // The end: half-closes the streams and waits briefly for their ends, where `in_good_order`; cancels
  // the others.
  void Close(bool in_good_order);

 private:
  // One server's stream, and what gRPC tells of it.
  struct Lane final : ScoreStream::Listener {
    void OnReply(v1::ScoreStreamResponse reply) override;
    void OnWritable() override;
    void OnEnd(const absl::Status& status) override;

    BulkNews* news;
    size_t number;  // The ledger's.
    std::shared_ptr<Replica> replica;
    // The loop's own.
    bool retired = false;          // The server left the set.
    int64_t told_outstanding = 0;  // What the replica was told of this lane's items.
    absl::Time passed_over_until = absl::InfinitePast();
    bool writable = false;  // Of the stream.
    bool half_closed = false;
    std::unique_ptr<ScoreStream> stream;  // Last: ends before the rest. Null: none is open.
  };

  // Whether the lane's server fails and another's does not; it is then asked again after a while.
  bool PassOver(Lane& lane, absl::Time now);
  // When an item may be sent on the lane; InfiniteFuture(): not before it is told something.
  absl::Time NextSend(const Lane& lane) const;
  // Where the last write has left the client; the last reply may overtake the word of it.
  static void HalfClose(Lane& lane);

  ReplicaSet* const replicas_;
  Clock* const clock_;
  const int64_t max_in_flight_;
  BulkLedger* const ledger_;
  BulkNews* const news_;

  std::map<size_t, std::unique_ptr<Lane>> lanes_;  // By number.
};

}  // namespace assay::client

#endif  // ASSAY_CLIENT_BULK_STREAMS_H_
