/* The same relay as relay.c by io_uring, to see whether it costs less.
 *
 *     relay_uring ROWS RECODE          the ports of the phones on stdin, its own ports on stdout
 *
 * One receive stands for each socket for good (multishot), into buffers that the kernel chooses from a ring; all that
 * has come is rewritten and sent by one system call, which waits for the next at the same time. Sockets are connected
 * and registered. It is as frugal as io_uring allows: one thread submits, and work is done in its own time
 * (SINGLE_ISSUER, DEFER_TASKRUN), and no send that succeeds is told. It ends when stdin does.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <linux/io_uring.h>
#include <poll.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { BUFFERS = 4096, PACKET = 2048, ENTRIES = 8192, END = 1 << 30, SENT = 1 << 29 };

struct row {
    int descriptor;
    uint16_t sequence;
    uint32_t timestamp, ssrc;
};

static int ring;
static unsigned *sq_tail, *sq_mask, *sq_array, *cq_head, *cq_tail, *cq_mask;
static struct io_uring_sqe *sqes;
static struct io_uring_cqe *cqes;
static unsigned waiting;
static struct io_uring_buf_ring *spare;
static uint8_t *buffers;
static uint16_t spare_tail;

static struct sockaddr_in loopback(int port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return address;
}

static struct io_uring_sqe *next(void)
{
    unsigned tail = *sq_tail + waiting++, index = tail & *sq_mask;
    struct io_uring_sqe *entry = sqes + index;
    sq_array[index] = index;
    memset(entry, 0, sizeof *entry);
    return entry;
}

static void submit(unsigned least)
{
    __atomic_store_n(sq_tail, *sq_tail + waiting, __ATOMIC_RELEASE);
    syscall(SYS_io_uring_enter, ring, waiting, least, IORING_ENTER_GETEVENTS, NULL, 0);
    waiting = 0;
}

static void give_back(int buffer)
{
    struct io_uring_buf *entry = spare->bufs + (spare_tail & (BUFFERS - 1));
    entry->addr = (uintptr_t)(buffers + (size_t)buffer * PACKET);
    entry->len = PACKET;
    entry->bid = buffer;
    spare_tail++;
}

static void receive(int row)
{
    struct io_uring_sqe *entry = next();
    entry->opcode = IORING_OP_RECV;
    entry->fd = row;
    entry->flags = IOSQE_FIXED_FILE | IOSQE_BUFFER_SELECT;
    entry->ioprio = IORING_RECV_MULTISHOT;
    entry->user_data = row;
}

static int open_ring(void)
{
    struct io_uring_params words = {
        .flags = IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN | IORING_SETUP_CQSIZE, .cq_entries = 2 * ENTRIES};
    ring = syscall(SYS_io_uring_setup, ENTRIES, &words);
    if (ring < 0)
        return 0;
    size_t sq = words.sq_off.array + words.sq_entries * sizeof(unsigned);
    size_t cq = words.cq_off.cqes + words.cq_entries * sizeof(struct io_uring_cqe);
    char *base = mmap(NULL, sq > cq ? sq : cq, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, ring, IORING_OFF_SQ_RING);
    sqes = mmap(NULL, words.sq_entries * sizeof *sqes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, ring, IORING_OFF_SQES);
    if (base == MAP_FAILED || sqes == MAP_FAILED)
        return 0;
    sq_tail = (unsigned *)(base + words.sq_off.tail);
    sq_mask = (unsigned *)(base + words.sq_off.ring_mask);
    sq_array = (unsigned *)(base + words.sq_off.array);
    cq_head = (unsigned *)(base + words.cq_off.head);
    cq_tail = (unsigned *)(base + words.cq_off.tail);
    cq_mask = (unsigned *)(base + words.cq_off.ring_mask);
    cqes = (struct io_uring_cqe *)(base + words.cq_off.cqes);
    spare = mmap(NULL, BUFFERS * sizeof(struct io_uring_buf), PROT_READ | PROT_WRITE, MAP_ANONYMOUS | MAP_PRIVATE, -1, 0);
    buffers = malloc((size_t)BUFFERS * PACKET);
    struct io_uring_buf_reg where = {.ring_addr = (uintptr_t)spare, .ring_entries = BUFFERS, .bgid = 0};
    if (syscall(SYS_io_uring_register, ring, IORING_REGISTER_PBUF_RING, &where, 1) < 0)
        return 0;
    for (int k = 0; k < BUFFERS; k++)
        give_back(k);
    __atomic_store_n(&spare->tail, spare_tail, __ATOMIC_RELEASE);
    return 1;
}

int main(int count, char **words)
{
    if (count < 3)
        return 2;
    int rows = atoi(words[1]), recode = atoi(words[2]);
    struct row *table = calloc(rows, sizeof *table);
    int *descriptors = calloc(rows, sizeof *descriptors), *used = calloc(ENTRIES, sizeof *used);
    uint8_t law[256];
    struct sched_param priority = {.sched_priority = 10};
    sched_setscheduler(0, SCHED_FIFO, &priority);
    for (int k = 0; k < 256; k++)
        law[k] = k ^ 0x55;
    if (!open_ring()) {
        perror("io_uring");
        return 1;
    }
    for (int k = 0; k < rows; k++) {
        struct sockaddr_in own = loopback(0), remote;
        socklen_t length = sizeof own;
        int port;
        descriptors[k] = table[k].descriptor = socket(AF_INET, SOCK_DGRAM, 0);
        if (descriptors[k] < 0 || bind(descriptors[k], (struct sockaddr *)&own, sizeof own) < 0)
            return 1;
        getsockname(descriptors[k], (struct sockaddr *)&own, &length);
        if (scanf("%d", &port) != 1)
            return 1;
        remote = loopback(port);
        table[k].ssrc = 1000 + k;
        if (connect(descriptors[k], (struct sockaddr *)&remote, sizeof remote) < 0)
            return 1;
        printf("%d\n", ntohs(own.sin_port));
    }
    if (syscall(SYS_io_uring_register, ring, IORING_REGISTER_FILES, descriptors, rows) < 0)
        return 1;
    for (int k = 0; k < rows; k++)
        receive(k);
    struct io_uring_sqe *end = next();
    end->opcode = IORING_OP_POLL_ADD;
    end->fd = 0;
    end->poll32_events = POLLIN | POLLHUP;
    end->user_data = END;
    submit(0);
    fflush(stdout);
    for (int taken = 0;;) {
        submit(1);
        /* A datagram that is sent without waiting has been copied by then. */
        for (int k = 0; k < taken; k++)
            give_back(used[k]);
        __atomic_store_n(&spare->tail, spare_tail, __ATOMIC_RELEASE);
        unsigned head = *cq_head, tail = __atomic_load_n(cq_tail, __ATOMIC_ACQUIRE);
        taken = 0;
        for (; head != tail && waiting < ENTRIES - 2; head++) {
            struct io_uring_cqe *done = cqes + (head & *cq_mask);
            if (done->user_data == END)
                return 0;
            if (done->user_data & SENT)
                continue;
            int row = done->user_data;
            if (!(done->flags & IORING_CQE_F_MORE))
                receive(row);
            if (!(done->flags & IORING_CQE_F_BUFFER))
                continue;
            int buffer = done->flags >> IORING_CQE_BUFFER_SHIFT;
            used[taken++] = buffer;
            if (done->res < 12)
                continue;
            uint8_t *packet = buffers + (size_t)buffer * PACKET;
            struct row *target = table + (row ^ 1);
            target->sequence++;
            target->timestamp += 160;
            uint16_t sequence = htons(target->sequence);
            uint32_t timestamp = htonl(target->timestamp), ssrc = htonl(target->ssrc);
            memcpy(packet + 2, &sequence, 2);
            memcpy(packet + 4, &timestamp, 4);
            memcpy(packet + 8, &ssrc, 4);
            if (recode)
                for (int k = 12; k < done->res; k++)
                    packet[k] = law[packet[k]];
            struct io_uring_sqe *entry = next();
            entry->opcode = IORING_OP_SEND;
            entry->fd = row ^ 1;
            entry->flags = IOSQE_FIXED_FILE | IOSQE_CQE_SKIP_SUCCESS;
            entry->addr = (uintptr_t)packet;
            entry->len = done->res;
            entry->msg_flags = MSG_DONTWAIT | MSG_NOSIGNAL;
            entry->user_data = SENT;
        }
        __atomic_store_n(cq_head, head, __ATOMIC_RELEASE);
    }
}
