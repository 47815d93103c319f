#include "client/score_stream.h"

#include <utility>

#include "base/grpc_status.h"

namespace assay::client {

ScoreStream::ScoreStream(v1::RewardService::StubInterface* stub, Listener* listener)
    : listener_(listener) {
  stub->async()->ScoreStream(&context_, this);
  AddHold();  // Writes come from outside gRPC's callbacks.
  StartRead(&reply_);
  StartCall();
}

ScoreStream::~ScoreStream() {
  Cancel();
  ReleaseHold();
  MutexLock lock(&ending_->mu);
  while (!ending_->ended) ending_->changed.wait(ending_->mu);
}

void ScoreStream::Write(v1::ScoreStreamRequest request) {
  request_ = std::move(request);
  MutexLock lock(&mu_);
  if (held_) StartWrite(&request_);
}

void ScoreStream::HalfClose() {
  {
    MutexLock lock(&mu_);
    if (held_) StartWritesDone();
  }
  ReleaseHold();
}

void ScoreStream::Cancel() { context_.TryCancel(); }

void ScoreStream::OnReadDone(bool ok) {
  if (!ok) return ReleaseHold();
  listener_->OnReply(std::move(reply_));
  reply_.Clear();
  StartRead(&reply_);
}

void ScoreStream::OnWriteDone(bool ok) {
  if (ok) listener_->OnWritable();
}

void ScoreStream::OnDone(const grpc::Status& status) {
  const std::shared_ptr<Ending> ending = ending_;
  listener_->OnEnd(FromGrpcStatus(status));
  MutexLock lock(&ending->mu);
  ending->ended = true;
  ending->changed.notify_all();
}

void ScoreStream::ReleaseHold() {
  {
    MutexLock lock(&mu_);
    if (!held_) return;
    held_ = false;
  }
  RemoveHold();
}

}  // namespace assay::client
